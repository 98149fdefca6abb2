//! The outbox as a session sees it: one mail after the other, each marked before its dot and settled
//! behind it.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::watch;

use super::letters::LetterWanted;
use super::rows::{OutboxEnd, OutboxRow, OutboxRows, SentLetter, UnreadRow, address_link};
use super::run::OutboxOptions;
use crate::audience::address_change::AddressLink;
use crate::audience::signup;
use crate::audience::subscribers::change;
use crate::compose::letters::LetterKind;
use crate::delivery::id::RowId;
use crate::delivery::ledger::claim::Retry;
use crate::delivery::ledger::editions;
use crate::delivery::moment::Moment;
use crate::delivery::pace::Rate;
use crate::delivery::state::State;
use crate::delivery::verdict::{Attempt, Becomes, Verdict, later, verdict};
use crate::diagnostic::log::LogEntry;
use crate::message::Message;
use crate::message::recipient::Recipient;
use crate::message::splice::{Identity, MailKind, Occasion, Template};
use crate::message::token::Purpose;
use crate::smtp::outcome::{AttemptFailure, Outcome};
use crate::smtp::transaction::{Feed, Stop, Ticket};
use crate::store::StoreError;

/// How long a relay may take to accept the text of a mail when the server is to end.
const GRACE: Duration = Duration::from_secs(3);

/// Until a row is looked at again that cannot be read.
const UNREAD: Duration = Duration::from_secs(3_600);

/// What lives as long as the process: what was not written down, and who has ended sessions.
#[derive(Debug, Default)]
pub(super) struct OutboxMemory {
    /// Ends that the store did not take; first of all they are written.
    pub(super) unwritten: Vec<OutboxEnd>,
    /// How often a row has ended its session.
    pub(super) ends: HashMap<i64, u32>,
    /// Rows that cannot be read, which was told.
    pub(super) unread: BTreeSet<i64>,
    /// When the last mail was begun.
    pub(super) began: Option<Instant>,
}

/// A message with what it was made of, or why there is none.
type LetterMade = Result<(Message, SentLetter), String>;

/// See the file's head.
pub(super) struct OutboxFeed<'a> {
    pub(super) options: &'a OutboxOptions,
    pub(super) rows: &'a OutboxRows,
    pub(super) memory: &'a mut OutboxMemory,
    pub(super) stop: watch::Receiver<bool>,
    /// How fast the relay may be used.
    pub(super) limit: Option<Rate>,
    /// The mail that is under way, what it was made with, and why it was kept back behind DATA.
    pub(super) taken: Option<(OutboxRow, SentLetter, Option<&'static str>)>,
    /// Mails that the relay has answered to.
    pub(super) answered: u64,
    /// Why the store could not be used.
    pub(super) failed: Option<StoreError>,
}

impl OutboxFeed<'_> {
    /// The next mail; `None` where nothing is due or the store fails.
    async fn next_mail(&mut self) -> Result<Option<(Ticket, Message)>, StoreError> {
        loop {
            let now = (self.options.clock)();
            self.keep_pace().await;
            if *self.stop.borrow() {
                return Ok(None);
            }
            let row = match self.rows.take(now).await? {
                Some(Ok(row)) => row,
                Some(Err(unread)) => {
                    self.put_off(unread, now).await?;
                    continue;
                }
                None => return Ok(None),
            };
            if let Some(why) = self.rows.kept_back(&row, now).await? {
                self.rows.settle(&OutboxEnd::ours(row.number, "dropped", why, now)).await?;
                continue;
            }
            match self.message(&row).await? {
                Ok((message, sent)) => {
                    let ticket = Ticket(row.number.unsigned_abs());
                    self.memory.began = Some(Instant::now());
                    self.taken = Some((row, sent, None));
                    return Ok(Some((ticket, message)));
                }
                Err(why) => {
                    let retry = later(&self.attempt_of(&row), &self.options.schedule);
                    let state = if retry.is_some() { "deferred" } else { "refused" };
                    let text = format!("no message could be made: {why}");
                    let end = OutboxEnd::ours(row.number, state, &text, now);
                    let end = OutboxEnd { retry, is_attempt: true, ..end };
                    self.rows.settle(&end).await?;
                }
            }
        }
    }

    /// Puts a row off that nobody can read here, and tells once: the others need not wait for it.
    async fn put_off(
        &mut self,
        UnreadRow(number): UnreadRow,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let end = OutboxEnd::ours(number, "deferred", "this row cannot be read", now);
        let first = Moment::at(now);
        let retry = Some(Retry { first, next: first.plus(UNREAD), charged: false });
        self.rows.settle(&OutboxEnd { retry, ..end }).await?;
        if self.memory.unread.insert(number) {
            let text = format!(
                "mail {number} of the outbox cannot be read, and is tried again every hour: a newer version \
                 of digest has written it, or the store is damaged; `digest store check` says which"
            );
            let notice = LogEntry::warning("mail_unreadable", text);
            (self.options.tell)(&notice.with("number", number));
        }
        Ok(())
    }

    /// Where the relay has a limit, one mail follows the other after so long.
    async fn keep_pace(&self) {
        let Some((limit, began)) = self.limit.zip(self.memory.began) else { return };
        let mut stop = self.stop.clone();
        tokio::select! {
            () = tokio::time::sleep(limit.interval().saturating_sub(began.elapsed())) => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }

    /// The message of a row, or why there is none.
    async fn message(&self, row: &OutboxRow) -> Result<LetterMade, StoreError> {
        let options = self.options;
        let now = (options.clock)().to_zoned_datetime(options.time_zone.clone());
        let known = if row.kind.is_to_stranger() {
            None
        } else {
            change::find(&*self.rows.stores.lease().await?, &row.address).await?
        };
        let recipient = match known {
            Some(subscriber) => subscriber.profile.recipient(row.address.clone()),
            None => Recipient::new(row.address.clone(), [], []),
        };
        let latest = match (row.kind, &options.latest) {
            (LetterKind::Welcome, Some((shown, page))) => {
                editions::latest(&*self.rows.stores.lease().await?, *shown, page).await?
            }
            _ => None,
        };
        let wanted = LetterWanted {
            kind: row.kind,
            language: row.language.clone(),
            has_latest: latest.is_some(),
            date: now.date(),
        };
        let Some(composition) = options.letters.composition(&wanted) else {
            return Ok(Err(format!("mails/{}.md has errors", row.kind.word())));
        };
        let identity = (options.identity)();
        let date = match jiff::fmt::rfc2822::to_string(&now) {
            Ok(date) => date,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let is_to_stranger = row.kind.is_to_stranger();
        let kind = if is_to_stranger { MailKind::Confirmation } else { MailKind::Notice };
        let occasion = Occasion { date, time: now.timestamp().as_second(), test: false, kind };
        let mut recipient = recipient.with("newsletter", options.letters.newsletter());
        if let Some(slot) = row.kind.needs() {
            match self.own_link(row, &identity).await? {
                Some(url) => recipient = recipient.with(slot, &url),
                None => return Ok(Err("nothing waits to be confirmed any more".to_owned())),
            }
        }
        if let Some(latest) = latest {
            recipient = recipient.with("latest_issue_url", &latest);
        }
        let number = row.number.unsigned_abs();
        let (list_id, key) =
            (identity.list_id.clone(), identity.keys.fingerprints().into_iter().next());
        let template = Template::new(&composition, identity, &occasion);
        let message_id = row.message_id.clone();
        let message_id =
            message_id.unwrap_or_else(|| template.letter_message_id(&row.address, row.added_at_ms));
        let message = template.splice_row(&recipient, number, Some(&message_id));
        let sent = SentLetter { message_id, list_id, key };
        Ok(message.map(|message| (message, sent)).map_err(|error| error.to_string()))
    }

    /// The link for which a mail is sent; nothing where it cannot be followed any more.
    async fn own_link(
        &self,
        row: &OutboxRow,
        identity: &Identity,
    ) -> Result<Option<String>, StoreError> {
        let (keys, list_id, address) = (&identity.keys, &identity.list_id, &row.address);
        let whole = |purpose: Purpose, token: String| {
            Ok(Some(format!("{}/{purpose}/{token}", identity.base_url)))
        };
        if row.kind == LetterKind::Link {
            return whole(Purpose::Data, keys.data_token(list_id, address, row.not_after));
        }
        let (id, now) = (row.signup.as_deref().unwrap_or_default(), (self.options.clock)());
        let link = address_link(row.kind);
        let end = match link {
            Some(link) => self.rows.address_end((link, id), now).await?,
            None => self.rows.signup_end(id, now).await?,
        };
        let Some((id, end)) = signup::read_letters(id).zip(end) else { return Ok(None) };
        let one = (&id, end);
        match link {
            None => whole(Purpose::Confirm, keys.confirm_token(list_id, address, one)),
            Some(AddressLink::Confirm) => {
                whole(Purpose::Address, keys.address_token(list_id, address, one))
            }
            Some(AddressLink::PutBack) => {
                whole(Purpose::Restore, keys.restore_token(list_id, address, one))
            }
        }
    }

    fn attempt_of(&self, row: &OutboxRow) -> Attempt {
        Attempt {
            row: RowId(row.number),
            earlier: row.earlier,
            ends: self.memory.ends.get(&row.number).copied().unwrap_or(0),
            first: self.answered == 0,
            now: Moment::at((self.options.clock)()),
        }
    }

    /// What the end of an attempt means for its row.
    fn end_of(&mut self, row: &OutboxRow, outcome: &Outcome) -> OutboxEnd {
        let attempt = self.attempt_of(row);
        let Verdict { becomes, ended, .. } = verdict(outcome, &attempt, &self.options.schedule);
        if ended {
            *self.memory.ends.entry(row.number).or_default() += 1;
        }
        let failure = outcome.failure();
        let reply = match outcome {
            Outcome::Accepted(reply) => Some(reply),
            _ => failure.and_then(AttemptFailure::refusal),
        };
        let end = |state, text: &str| {
            OutboxEnd::ours(row.number, state, text, (self.options.clock)()).said(reply)
        };
        match becomes {
            Becomes::Settled { state: State::Accepted, text, .. } => end("accepted", &text),
            Becomes::Settled { state: State::Uncertain, text, .. } => {
                let again = row.kind.needs().is_some() && row.repeated == 0;
                let retry = again.then(|| later(&attempt, &self.options.schedule)).flatten();
                let state = if retry.is_some() { "deferred" } else { "uncertain" };
                OutboxEnd { retry, is_repeated: true, ..end(state, &text) }
            }
            Becomes::Settled { state: State::Deferred, text, retry } => {
                // Where the run of an issue would stop, this one goes on: others may be taken.
                let retry = retry.or_else(|| later(&attempt, &self.options.schedule));
                let state = if retry.is_some() { "deferred" } else { "refused" };
                OutboxEnd { retry, ..end(state, &text) }
            }
            Becomes::Settled { text, .. } => end("refused", &text),
            Becomes::Next | Becomes::Behind => {
                let text = failure.map_or("", |failure| &failure.text);
                let state = if row.earlier.deferred { "deferred" } else { "pending" };
                OutboxEnd { is_attempt: false, ..end(state, text) }
            }
        }
    }
}

impl Feed for OutboxFeed<'_> {
    async fn next(&mut self) -> Option<(Ticket, Message)> {
        match self.next_mail().await {
            Ok(mail) => mail,
            Err(error) => {
                self.failed = Some(error);
                None
            }
        }
    }

    /// One after the other: a mail is settled before the next is taken.
    async fn try_next(&mut self) -> Option<(Ticket, Message)> {
        None
    }

    async fn before_dot(&mut self, _: Ticket) -> Result<(), Stop> {
        let Some((row, sent, kept_back)) = &mut self.taken else {
            return Err(Stop::Session);
        };
        match self.rows.attempt(row, sent, (self.options.clock)()).await {
            Ok(None) => Ok(()),
            Ok(Some(why)) => {
                *kept_back = Some(why);
                Err(Stop::Message)
            }
            Err(error) => {
                self.failed = Some(error);
                Err(Stop::Session)
            }
        }
    }

    async fn stopping(&self) {
        let mut stop = self.stop.clone();
        if stop.wait_for(|stop| *stop).await.is_err() {
            std::future::pending::<()>().await;
        }
        tokio::time::sleep(GRACE).await;
    }

    async fn settled(&mut self, _: Ticket, outcome: Outcome) {
        let Some((row, _, kept_back)) = self.taken.take() else { return };
        let end = match kept_back {
            Some(why) => OutboxEnd::ours(row.number, "dropped", why, (self.options.clock)()),
            None => self.end_of(&row, &outcome),
        };
        if !matches!(outcome, Outcome::Unsent(_)) {
            self.answered += 1;
            self.memory.ends.remove(&row.number);
        }
        if let Err(error) = self.rows.settle(&end).await {
            self.memory.unwritten.push(end);
            self.failed = Some(error);
        }
    }
}
