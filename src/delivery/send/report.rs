//! After the last message: what became of all, for people and for scripts.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;

use super::plan::Plan;
use super::survey::Survey;
use super::{OnePerson, SendError};
use crate::delivery::id::RunId;
use crate::delivery::ledger::overview::{Counts, Listed};
use crate::delivery::ledger::{Ledger, LockedLedger};
use crate::delivery::receipt::{
    self, KnownSends, Receipt, ReceiptFound, ReceiptPhase, WriteFault, WrittenReceipt,
};
use crate::delivery::run::{self, Ended};
use crate::delivery::state::State;
use crate::issue::load::Headline;
use crate::smtp::trouble::Trouble;
use crate::store::full;

/// Rows of each state that are told one by one.
const ROWS: usize = 10;
/// Rows that are told one by one where somebody is to decide about them.
const ASKED_ROWS: usize = 500;

/// The first rows in a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// The state.
    pub state: State,
    /// The first of its rows.
    pub rows: Vec<Listed>,
    /// Whether there are more.
    pub more: bool,
}

/// Who of those that may have the issue can be sent to once more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UncertainPeople {
    /// Of those whom the send was for.
    pub asked: u64,
    /// Others of the list.
    pub outside: u64,
    /// Whom the list does not have any more: no send goes to them, and nothing is left to do.
    pub gone: u64,
}

/// What became of a send.
#[derive(Debug)]
pub struct SendReport {
    /// The issue, by the name that the ledger knows it by.
    pub issue: String,
    /// What new recipients got, hexadecimal digits.
    pub content_hash: String,
    /// All of the issue's recipients, of earlier runs too.
    pub counts: Counts,
    /// Of these, whom the send was for: who got an outcome by it, and who still waits.
    pub this_send: Counts,
    /// Who of them may have the issue.
    pub uncertain: UncertainPeople,
    /// People of the list whom the send was not for.
    pub outside: u64,
    /// Whether everybody whom the send was for was refused, in this run or before it.
    pub all_refused: Option<AllRefused>,
    /// How many it gave up, because the relay had said "not now" to them for too long.
    pub given_up: u64,
    /// The people whom the relay refused or put off, and those who may have the issue.
    pub troubles: Vec<Excerpt>,
    /// Whether somebody has the issue or may have it, so that everybody else gets the same text.
    pub frozen: bool,
    /// Why the run ended; `None` where none was begun.
    pub ended: Option<Ended>,
    /// How long the run took.
    pub elapsed: Duration,
    /// Rows that got an outcome in it.
    pub settled: u64,
    /// Rows that it was to send to once more and did not attempt: they are what they were.
    pub withdrawn: u64,
    /// People who waited for the issue and whom it left out, because the list does not have them any
    /// more: they are suppressed.
    pub leaving: u64,
    /// People who were not sent to, because their address changed meanwhile: the same command sends to
    /// the new one.
    pub moved: u64,
    /// Relays that failed, and whose share went to the others.
    pub failed_relays: Vec<Trouble>,
    /// What became of the receipt, where there is something to say.
    pub receipt: Option<ReceiptFate>,
    /// Whether the receipt says that people have the issue of whom the ledger does not know.
    pub had_by_others: bool,
    /// What the ledger could not be told or asked when all was over: the counts may be wrong then.
    pub unsaid: Option<String>,
    /// The counts are what was known before the run and what its journal says: the ledger could not be
    /// asked.
    pub reckoned: bool,
}

/// What a ledger says of an issue before the first message of a run.
#[derive(Debug)]
pub(super) struct KnownBefore {
    counts: Counts,
    sends: KnownSends,
    /// When that was.
    at: Option<Timestamp>,
}

/// How a run ended, and what is known without the ledger.
#[derive(Debug)]
pub(super) struct RunEnd {
    pub(super) report: run::Report,
    pub(super) before: KnownBefore,
    /// Whether the ledger shows what is in the journal only.
    pub(super) is_seen: bool,
}

impl KnownBefore {
    /// # Errors
    /// The ledger's.
    pub(super) async fn of(survey: &Survey) -> Result<KnownBefore, SendError> {
        let (sends, counts) = (survey.known_sends().await?, survey.ledger.counts().await?);
        Ok(KnownBefore { counts, sends, at: (survey.options.clock)().parse().ok() })
    }
}

impl RunEnd {
    fn is_whole(&self) -> bool {
        !matches!(self.report.ended, Ended::Ledger(_))
    }

    /// What is known without the ledger, which could not be asked: the counts of the issue, and those
    /// of the send, which was for so many.
    fn reckoned(&self, to_send: u64) -> (Counts, Counts) {
        let own = Counts { planned: to_send, pending: to_send, ..Counts::default() };
        let journaled = self.report.journaled;
        (self.before.counts.and(journaled), own.and(journaled))
    }

    /// The same of those who have the issue or may have it.
    fn sends(&self) -> KnownSends {
        let Counts { accepted, uncertain, .. } = self.report.journaled;
        let known = &self.before.sends;
        KnownSends { reached: known.reached + accepted + uncertain, ..known.clone() }
    }
}

/// Everybody whom a send was for was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllRefused {
    /// How many.
    pub people: u64,
    /// The first of them.
    pub first: Listed,
}

/// What became of a receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReceiptFate {
    /// It was written.
    Written {
        /// Its file.
        path: PathBuf,
        /// Whether it has the words of other ledgers too: a receipt never forgets.
        has_others: bool,
        /// Where the text is now that stood there and was not ours.
        kept: Option<PathBuf>,
    },
    /// Nobody has the issue, and what stood there before this send is there again.
    PutBack(PathBuf),
    /// It was not.
    Unwritten(UnwrittenReceipt),
}

/// Why a send is not in its receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnwrittenReceipt {
    /// The receipt's place.
    pub path: PathBuf,
    /// The system's reason, or what is wrong with the folder; none where what is there was left as it
    /// is, because it may be the word of another ledger.
    pub fault: Option<String>,
    /// What is there now.
    pub there: Option<ReceiptFound>,
}

impl ReceiptFate {
    /// Of a receipt that was to be written; nothing where it stands there already.
    fn of(
        receipt: &Receipt,
        path: &Path,
        written: Result<WrittenReceipt, WriteFault>,
    ) -> Option<ReceiptFate> {
        let fault = match written {
            Ok(WrittenReceipt { is_new: false, .. }) => return None,
            Ok(WrittenReceipt { kept, .. }) => {
                let has_others = !receipt.others.is_empty();
                return Some(ReceiptFate::Written { path: path.to_owned(), has_others, kept });
            }
            Err(WriteFault::Left(_)) => None,
            Err(WriteFault::System(error)) => Some(full::cause(&error)),
        };
        let (path, there) = (path.to_owned(), receipt::there(path));
        Some(ReceiptFate::Unwritten(UnwrittenReceipt { path, fault, there }))
    }
}

impl Excerpt {
    /// The first rows in a state; where a send is for one person, that person's alone.
    pub(super) async fn of(
        ledger: &Ledger,
        state: State,
        to: Option<&OnePerson>,
    ) -> Result<Excerpt, SendError> {
        let rows = match to {
            Some(to) => ledger.list_one(&to.address, state).await?,
            None => ledger.list(state, ROWS as i64 + 1).await?,
        };
        Ok(Excerpt::cut(state, rows, ROWS))
    }

    /// The people of the staged list in a state, so many that somebody can decide about them.
    pub(super) async fn of_list(ledger: &Ledger, state: State) -> Result<Excerpt, SendError> {
        let rows = ledger.list_staged(state, ASKED_ROWS as i64 + 1).await?;
        Ok(Excerpt::cut(state, rows, ASKED_ROWS))
    }

    fn cut(state: State, mut rows: Vec<Listed>, most: usize) -> Excerpt {
        let more = rows.len() > most;
        rows.truncate(most);
        Excerpt { state, rows, more }
    }
}

impl AllRefused {
    /// In a run. Whoever waits, or may have the message, was not refused. Where others of those whom
    /// the command is for have the issue (`is_had`), a run that only gave up the last people who were
    /// put off is the end of the send, and none that failed. A relay that refused somebody for good
    /// and took nothing is told once, by that run.
    async fn in_run(
        ledger: &Ledger,
        run: RunId,
        (counts, is_had): (Counts, bool),
    ) -> Result<Option<AllRefused>, SendError> {
        if counts.refused == 0 || counts.refused < counts.planned {
            return Ok(None);
        }
        let first = ledger.first_refused(run).await?;
        let first = first.filter(|first| !(is_had && first.was_given_up()));
        Ok(first.map(|first| AllRefused { people: counts.refused, first }))
    }

    /// Before a send that has nothing to do; `plan` is of the list that is staged.
    pub(super) async fn before(
        ledger: &Ledger,
        plan: &Plan,
    ) -> Result<Option<AllRefused>, SendError> {
        if plan.refused == 0 || plan.to_send + plan.accepted + plan.uncertain > 0 {
            return Ok(None);
        }
        let first = ledger.list_staged(State::Refused, 1).await?.into_iter().next();
        Ok(first.map(|first| AllRefused { people: plan.refused, first }))
    }
}

impl UncertainPeople {
    /// Those whom a send was not for are what they were in its plan.
    fn after(plan: &Plan, counts: Counts) -> UncertainPeople {
        let (outside, gone) = (plan.uncertain_outside, plan.uncertain_gone);
        UncertainPeople { asked: counts.uncertain.saturating_sub(outside + gone), outside, gone }
    }
}

impl SendReport {
    /// Reads the ledger for the last time, and closes it. Whatever of that fails, the rest is done:
    /// what the ledger could not be told is in the report, and the receipt is written all the same.
    pub(super) async fn close(
        (survey, plan): (&Survey, &Plan),
        content_hash: String,
        run: Option<(&LockedLedger, RunId)>,
        end: Option<RunEnd>,
    ) -> SendReport {
        let ledger = &survey.ledger;
        let is_whole = end.as_ref().is_none_or(RunEnd::is_whole);
        let mut faults = ClosingFaults::default();
        let mut troubles = Vec::new();
        for state in [State::Refused, State::Deferred, State::Uncertain] {
            let excerpt = Excerpt::of(ledger, state, survey.options.to.as_ref()).await;
            troubles.extend(faults.keep(excerpt.map(Some)));
        }
        let (mut this_send, mut all_refused) = (Counts::default(), None);
        let (mut given_up, mut moved) = (0, 0);
        if let Some((locked, run)) = run {
            if end.is_some() && is_whole {
                faults.keep(locked.copies_are_told(None, Some(run)).await);
            }
            this_send = faults.keep(ledger.counts_of_run(run).await);
            let is_had = plan.accepted + plan.uncertain > 0;
            all_refused = faults.keep(AllRefused::in_run(ledger, run, (this_send, is_had)).await);
            // This send was refused, and the issue was not: they have it.
            if is_whole {
                faults.keep(locked.close_failed_copies().await);
            }
            given_up = faults.keep(ledger.given_up_in(run).await);
            moved = faults.keep(ledger.moved_in(run).await);
        }
        let mut counts = faults.keep(ledger.counts().await);
        let unseen = |end: &&RunEnd| !end.is_whole() && (!end.is_seen || faults.first.is_some());
        let unseen = end.as_ref().filter(unseen);
        if let Some(end) = unseen {
            (counts, this_send) = end.reckoned(plan.to_send);
        }
        let reckoned = unseen.is_some();
        let (receipt, had_by_others) =
            last_receipt(survey, &content_hash, (counts, is_whole), unseen, &mut faults).await;
        // Where nobody can tell, somebody may have it.
        let frozen = faults.keep(ledger.may_be_had().await.map(Some)).unwrap_or(true);
        survey.store.clone().close().await;
        let closed = SendReport {
            issue: survey.options.issue.clone(),
            content_hash,
            counts,
            this_send,
            uncertain: UncertainPeople::after(plan, counts),
            outside: plan.outside,
            all_refused,
            given_up,
            troubles,
            frozen,
            ended: None,
            elapsed: Duration::ZERO,
            settled: 0,
            withdrawn: 0,
            leaving: if run.is_some() { plan.leaving } else { 0 },
            moved,
            failed_relays: Vec::new(),
            receipt,
            had_by_others,
            unsaid: faults.first,
            reckoned,
        };
        closed.after(end)
    }

    /// The same with how the run ended.
    fn after(mut self, end: Option<RunEnd>) -> SendReport {
        if let Some(RunEnd { report, .. }) = end {
            self.ended = Some(report.ended);
            (self.elapsed, self.settled) = (report.elapsed, report.settled);
            self.withdrawn = report.withdrawn;
            self.failed_relays = report.failed_relays;
        }
        self
    }

    /// How many this command would go on with: those who wait, deferred ones too, and those whom it
    /// was to send to once more.
    pub fn left(&self) -> u64 {
        self.this_send.pending + self.this_send.deferred + self.withdrawn
    }

    /// How many wait for the issue whom this command was not for.
    pub fn waiting_elsewhere(&self) -> u64 {
        let waiting = |counts: &Counts| counts.pending + counts.deferred;
        waiting(&self.counts).saturating_sub(waiting(&self.this_send))
    }

    /// Whether nothing is left that a send to this list could do, or somebody would have to decide.
    pub fn is_finished(&self) -> bool {
        let held = self.uncertain.asked + self.uncertain.outside;
        let waiting = self.counts.deferred + self.counts.pending + self.withdrawn;
        waiting + self.moved + held == 0
    }

    /// Messages a second in the run.
    pub fn per_second(&self) -> f64 {
        let seconds = self.elapsed.as_secs_f64();
        if seconds > 0.0 { self.settled as f64 / seconds } else { 0.0 }
    }
}

/// What went wrong behind the last message: the first reason is enough, because the others follow.
#[derive(Debug, Default)]
struct ClosingFaults {
    first: Option<String>,
}

impl ClosingFaults {
    /// What was found, or nothing, and why.
    fn keep<T: Default, E: Into<SendError>>(&mut self, said: Result<T, E>) -> T {
        said.unwrap_or_else(|error| {
            let error: SendError = error.into();
            self.first.get_or_insert_with(|| error.to_string());
            T::default()
        })
    }
}

/// Writes the receipt of a send that is over, and says whether it has the words of others. Where the
/// ledger cannot be asked for them, what stands there stays.
async fn last_receipt(
    survey: &Survey,
    content_hash: &str,
    (counts, is_whole): (Counts, bool),
    unseen: Option<&RunEnd>,
    faults: &mut ClosingFaults,
) -> (Option<ReceiptFate>, bool) {
    let is_known = faults.first.is_none() || unseen.is_some();
    let written = async {
        let known = match (survey.known_sends().await, unseen) {
            (Ok(known), _) => known,
            (Err(_), Some(end)) => end.sends(),
            (Err(error), None) => return Err(error),
        };
        let others = others(survey, &known);
        let had_by_others = others.iter().any(|one| one.reached() > 0);
        // As it is now, also where what came before has failed.
        let counts = if is_known { counts } else { survey.ledger.counts().await? };
        let said = (&known, counts, others);
        let began = unseen.and_then(|end| end.before.at);
        let fate = receipt(survey, content_hash, said, (is_whole, began)).await?;
        Ok::<_, SendError>((fate, had_by_others))
    };
    written.await.unwrap_or_else(|error| {
        let fate = survey.options.receipt.as_ref().map(|path| {
            let (path, there) = (path.clone(), receipt::there(path));
            ReceiptFate::Unwritten(UnwrittenReceipt { path, fault: Some(error.to_string()), there })
        });
        faults.keep::<(), _>(Err(error));
        (fate, false)
    })
}

/// Writes the issue's receipt, once somebody may have the issue; nothing where it stands there. As
/// long as nobody has it, there is none: that of the send that had begun goes, unless the counts are
/// not all that there is to know, because the ledger could not be written (`is_whole`).
async fn receipt(
    survey: &Survey,
    content_hash: &str,
    (known, counts, others): (&KnownSends, Counts, Vec<Receipt>),
    (is_whole, began): (bool, Option<Timestamp>),
) -> Result<Option<ReceiptFate>, SendError> {
    let Some(path) = survey.options.receipt.as_ref() else { return Ok(None) };
    let now = || (survey.options.clock)().parse().ok();
    let times = match survey.ledger.span().await {
        Ok(span) => span.and_then(|(one, last)| Some((one.parse().ok()?, last.parse().ok()?))),
        Err(_) if began.is_some() => None,
        Err(error) => return Err(error.into()),
    };
    // A ledger that cannot be asked, or has nothing of the run yet, has no times.
    let times = times.or_else(|| Some((began?, now()?)));
    let Some((begin, end)) = times.filter(|_| known.reached > 0) else {
        let back = if is_whole { receipt::withdraw(path, known) } else { Ok(false) };
        return Ok(match back {
            Ok(is_back) => is_back.then(|| ReceiptFate::PutBack(path.to_owned())),
            Err(error) => Some(ReceiptFate::Unwritten(UnwrittenReceipt {
                path: path.to_owned(),
                fault: Some(full::cause(&error)),
                there: receipt::there(path),
            })),
        });
    };
    let phase = ReceiptPhase::Over { end };
    let receipt = own_word(survey, content_hash, (known, counts, others), (begin, phase));
    if matches!(receipt::there(path), Some(ReceiptFound::Read(there)) if there.is_as(&receipt)) {
        return Ok(None);
    }
    Ok(ReceiptFate::of(&receipt, path, receipt.write(path, known)))
}

/// What a ledger says of the issue, beside what others have said.
fn own_word(
    survey: &Survey,
    content_hash: &str,
    (known, counts, others): (&KnownSends, Counts, Vec<Receipt>),
    (begin, phase): (Timestamp, ReceiptPhase),
) -> Receipt {
    let Headline { number, date, .. } = survey.content.headline();
    let mut receipt = Receipt {
        ledger: Some(known.ledger.clone()),
        run: known.last_run().map(str::to_owned),
        content_hash: content_hash.to_owned(),
        number,
        date,
        begin,
        phase,
        counts,
        had: known.reached,
        others,
    };
    // What this run has said before is no word of another ledger, whatever could be recorded of it.
    let mut others = std::mem::take(&mut receipt.others);
    others.retain(|one| !one.is_of_run(&receipt));
    Receipt { others, ..receipt }
}

/// What the receipt that is there says beyond the ledger.
fn others(survey: &Survey, known: &KnownSends) -> Vec<Receipt> {
    match survey.options.receipt.as_deref().and_then(receipt::there) {
        Some(ReceiptFound::Read(there)) => there.kept_beside(known),
        _ => Vec::new(),
    }
}

/// Writes the receipt of a send that begins now, so that a sender that is killed leaves one. Where
/// that cannot be written, the send goes on. What became of it is told before the first message.
pub(super) fn begun_receipt(
    survey: &Survey,
    content_hash: &str,
    before: &KnownBefore,
) -> Option<ReceiptFate> {
    let path = survey.options.receipt.as_ref()?;
    let KnownBefore { counts, sends: known, at } = before;
    let moment = ((*at)?, ReceiptPhase::Begun);
    let others = others(survey, known);
    let receipt = own_word(survey, content_hash, (known, *counts, others), moment);
    ReceiptFate::of(&receipt, path, receipt.write(path, known))
}
