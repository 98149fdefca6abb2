//! Acts on messages of the bounce mailbox: some at a time, each lot in one transaction, so that a
//! message is marked only when all that it means is on disk.
//!
//! It writes beside a send that goes on, as `subscribers suppress` does. Must never act on what proves
//! nothing, nor count a message twice.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::counting;
use super::decision::{
    BounceDecision, BounceHistory, BounceOutcome, DecisionFacts, ReportEvidence, decide,
};
use super::evidence::{self, ProvenReader, ReportKeys};
use super::others;
use super::policy::BouncePolicy;
use crate::audience::forgotten::Forgotten;
use crate::audience::leave;
use crate::audience::subscribers::ChangeOrigin;
use crate::audience::suppression::{
    self, SuppressionNote, SuppressionOrigin, SuppressionReason, SuppressionSubject,
};
use crate::bounce::reason::{BounceClass, BounceReason};
use crate::bounce::{self, BounceReport, ReportedRecipient, envelope};
use crate::delivery::ledger::bounces::{self, BounceNote, CountedReport, RefusedRow};
use crate::delivery::ledger::undecided::{self, UndecidedNote};
use crate::delivery::outbox::sent;
use crate::store::sql::{Connection, SqlError};
use crate::store::{Store, StoreError};

/// What messages are read with.
#[derive(Debug)]
pub struct ReportReader {
    /// Where the ledger and the suppressions are; `None` where nothing was ever sent.
    pub store: Option<Store>,
    /// By what reports are known to be ours; `None` where no publication is asked.
    pub keys: Option<ReportKeys>,
    /// What the publication is called by those who leave it.
    pub names: Vec<String>,
    /// How many reports it takes.
    pub policy: BouncePolicy,
    /// Whether what is decided is done. Otherwise it is only remembered until the end.
    pub acts: bool,
    /// Of whom nothing is written any more.
    forgotten: Forgotten,
    remembered: RememberedReports,
}

/// What would stand in the tables if it were acted on.
#[derive(Debug, Default)]
struct RememberedReports {
    messages: BTreeSet<String>,
    /// By person and class.
    counted: BTreeMap<(String, &'static str), Vec<CountedReport>>,
    suppressed: BTreeSet<(String, SuppressionReason)>,
}

/// A message as it was read.
#[derive(Clone, Debug)]
pub struct ReadMessage {
    /// What it reports; `None` where it was read before and is not read again to act on it.
    pub report: Option<BounceReport>,
    /// Whether it was read before, so that nothing is left to do.
    pub was_read: bool,
    /// What happens to each of its recipients, in their order.
    pub decided: Vec<DecidedReport>,
}

/// What happens to one recipient.
#[derive(Clone, Debug)]
pub struct DecidedReport {
    /// What and why.
    pub decision: BounceDecision,
    /// Whom it happens to: the identity.
    pub person: Option<String>,
    /// The issue that it is about.
    pub issue: Option<String>,
    /// What proves it.
    pub evidence: Option<ReportEvidence>,
    /// Whether somebody was suppressed for the same reason before.
    pub was_suppressed: bool,
    /// Whether it is somebody who was forgotten: nothing may name them.
    pub is_forgotten: bool,
}

impl DecidedReport {
    /// Whether it is about a mail to somebody who subscribes, which is no issue: what proves it names a mail.
    pub fn is_about_a_subscription(&self) -> bool {
        use ReportEvidence::{MessageId, MessageIdAlone, ReversePath};
        let names_a_mail = |evidence| matches!(evidence, ReversePath | MessageId | MessageIdAlone);
        self.issue.is_none() && self.evidence.is_some_and(names_a_mail)
    }
}

impl ReadMessage {
    /// Whether nothing is left to do, so that the message is marked. What a person has to look at
    /// stays as it is.
    pub fn is_done(&self) -> bool {
        let Some(report) = self.report.as_ref().filter(|_| !self.was_read) else { return true };
        let is_done = |(row, decided): (&ReportedRecipient, &DecidedReport)| {
            let outcome = decided.decision.outcome;
            !matches!(outcome, BounceOutcome::Undecided | BounceOutcome::Unproven)
                && row.class != BounceClass::None
        };
        // Of several recipients of a report, the token names one.
        let is_proven = |(row, decided): (&ReportedRecipient, &DecidedReport)| {
            let is_decided = decided.decision.outcome != BounceOutcome::Undecided;
            decided.evidence.is_some() && is_decided && row.class != BounceClass::None
        };
        let each = || report.recipients.iter().zip(&self.decided);
        each().any(is_proven) || each().all(is_done)
    }
}

impl ReportReader {
    /// Reads with a store, with keys, or with neither.
    pub fn new(
        store: Option<Store>,
        keys: Option<ReportKeys>,
        (names, policy): (Vec<String>, BouncePolicy),
        acts: bool,
    ) -> ReportReader {
        let (forgotten, remembered) = (Forgotten::default(), RememberedReports::default());
        ReportReader { store, keys, names, policy, acts, forgotten, remembered }
    }

    /// Reads messages from `source`, and acts on them.
    ///
    /// # Errors
    /// The store's: then nothing of these messages was acted on.
    pub async fn read(
        &mut self,
        messages: &[&[u8]],
        source: &str,
        now: Timestamp,
    ) -> Result<Vec<ReadMessage>, StoreError> {
        let hashes: Vec<String> =
            messages.iter().map(|bytes| envelope::fingerprint(bytes)).collect();
        let Some(store) = self.store.clone() else {
            let decide = |(bytes, hash): (&&[u8], String)| {
                // Without a publication nothing is counted.
                let is_new = self.remembered.messages.insert(hash) || self.keys.is_none();
                let report = bounce::read_for(bytes, &self.names);
                if is_new {
                    without_a_ledger(report, self.keys.as_ref())
                } else {
                    known(report, &self.forgotten)
                }
            };
            return Ok(messages.iter().zip(hashes).map(decide).collect());
        };
        let failed = |error| store.failed(error);
        // What was read before costs no reading. The others are read before anybody has to wait.
        let mut connection = store.pool().acquire().await.map_err(failed)?;
        let mut read = Vec::new();
        for (bytes, hash) in messages.iter().zip(&hashes) {
            let is_known = self.remembered.messages.contains(hash)
                || bounces::was_read(&mut connection, hash).await.map_err(failed)?;
            // A dry run says of each message what it is.
            let report = (!is_known || !self.acts).then(|| bounce::read_for(bytes, &self.names));
            read.push((report, is_known));
        }
        drop(connection);
        self.read_forgotten(&store).await?;
        let mut all = Vec::new();
        let mut transaction = if self.acts {
            suppression::wait_for_others(&store).await?;
            store.begin().await?
        } else {
            store.pool().begin().await.map_err(failed)?
        };
        // What is done is remembered when it is committed: before, it may have to be read again.
        let mut done = BTreeSet::new();
        for ((report, is_known), hash) in read.into_iter().zip(&hashes) {
            // Two of one lot may be the same.
            let is_known = is_known || done.contains(hash);
            let message = match report {
                Some(report) if !is_known => {
                    let place = (hash.as_str(), source);
                    self.take(&mut transaction, report, place, now).await.map_err(failed)?
                }
                Some(report) if !self.acts => known(report, &self.forgotten),
                _ => ReadMessage { report: None, was_read: true, decided: Vec::new() },
            };
            if message.is_done() {
                done.insert(hash.clone());
            }
            if self.acts && message.is_done() && !message.was_read {
                let at_ms = now.as_millisecond();
                bounces::note_read(&mut transaction, hash, at_ms).await.map_err(failed)?;
            }
            all.push(message);
        }
        if self.acts {
            transaction.commit().await.map_err(failed)?;
        }
        self.remembered.messages.extend(done);
        Ok(all)
    }

    async fn read_forgotten(&mut self, store: &Store) -> Result<(), StoreError> {
        let Some(keys) = &self.keys else { return Ok(()) };
        self.forgotten = Forgotten::as_far_as_known(store, &keys.forgetting).await?;
        Ok(())
    }

    async fn take(
        &mut self,
        connection: &mut Connection,
        report: BounceReport,
        place: (&str, &str),
        now: Timestamp,
    ) -> Result<ReadMessage, SqlError> {
        let reader = match &self.keys {
            Some(keys) => keys.proven(connection, &report).await?,
            None => None,
        };
        let is_alone = report.recipients.len() == 1;
        // A report of tomorrow was written today.
        let at = report.written_at.filter(|at| *at < now).unwrap_or(now);
        let mut decided = Vec::new();
        for row in &report.recipients {
            let reader = reader.as_ref().filter(|reader| evidence::is_about(row, is_alone, reader));
            let written = WrittenWhere { place, senders: &report.senders, at, now };
            decided.push(self.decide(connection, row, reader, &written).await?);
        }
        Ok(ReadMessage { report: Some(report), was_read: false, decided })
    }

    async fn decide(
        &mut self,
        connection: &mut Connection,
        row: &ReportedRecipient,
        reader: Option<&ProvenReader>,
        written: &WrittenWhere<'_>,
    ) -> Result<DecidedReport, SqlError> {
        let WrittenWhere { place, at, now, .. } = *written;
        let named = row.address.as_deref().and_then(evidence::identity);
        let about = reader.map(|reader| &reader.identity).or(named.as_ref());
        let row = &without_others(row, about);
        let (history, is_before_release) = self.before(connection, reader, (row.class, at)).await?;
        let asks = named.as_ref().filter(|_| row.class == BounceClass::Unsubscribe);
        let is_known = match asks {
            Some(asks) => {
                bounces::last_row_of(connection, asks).await?.is_some()
                    || sent::has_left(connection, asks, None).await?
            }
            None => false,
        };
        let said = said(row);
        let facts = DecisionFacts {
            class: row.class,
            reason: row.reason,
            said: &said,
            evidence: reader.map(|reader| reader.evidence),
            is_known,
            is_before_release,
        };
        let is_forgotten = about.is_some_and(|identity| self.is_forgotten(identity));
        let decision = if is_forgotten {
            BounceDecision::new(BounceOutcome::Nothing, "they get no mail")
        } else {
            decide(&facts, history, &self.policy)
        };
        let decision = match decision.outcome {
            BounceOutcome::Undecided => {
                let whom = (reader, asks);
                self.leave_to_a_person(connection, decision, (row, whom), written).await?
            }
            _ => decision,
        };
        let Some(reader) = reader else {
            return Ok(DecidedReport {
                decision,
                person: named.filter(|_| !is_forgotten),
                issue: None,
                evidence: None,
                was_suppressed: false,
                is_forgotten,
            });
        };
        let acted = ActedReport { row, reader, decision: &decision, place, at, now };
        let was_suppressed = self.act(connection, &acted).await?;
        Ok(DecidedReport {
            decision,
            person: (!is_forgotten).then(|| reader.identity.clone()),
            issue: reader.row.as_ref().map(|row| row.issue.clone()),
            evidence: Some(reader.evidence),
            was_suppressed,
            is_forgotten: is_forgotten || names(row, &self.forgotten),
        })
    }

    /// What From says, without those who were forgotten.
    fn senders(&self, senders: &str) -> String {
        if senders.trim().is_empty() {
            return "nobody".to_owned();
        }
        others::without_some(senders, |identity| self.is_forgotten(identity))
    }

    /// Keeps what a person has to decide, unless somebody has.
    async fn leave_to_a_person(
        &self,
        connection: &mut Connection,
        decision: BounceDecision,
        (row, (reader, asks)): (&ReportedRecipient, (Option<&ProvenReader>, Option<&String>)),
        written: &WrittenWhere<'_>,
    ) -> Result<BounceDecision, SqlError> {
        // Somebody may ask from another address than the one that they are on the list with. Whoever asks
        // and cannot be named is found by what From says.
        let (message, source) = written.place;
        let unnamed = undecided::stand_in(message);
        let (identity, text) = match reader.map(|reader| &reader.identity).or(asks) {
            Some(identity) => (identity, row.text.clone()),
            None if row.class == BounceClass::Unsubscribe => {
                let senders = self.senders(written.senders);
                (&unnamed, format!("{}; From: {senders}", row.text))
            }
            None => return Ok(decision),
        };
        let note = &UndecidedNote {
            message,
            identity,
            class: class_word(row.class),
            issue: reader.and_then(|reader| reader.row.as_ref()).map(|row| &*row.issue),
            text: &text,
            source,
            at_ms: written.at.as_millisecond(),
            read_at_ms: written.now.as_millisecond(),
        };
        if self.acts && matches!(note.class, "unsubscribe" | "complaint") {
            // Another word for a no that was said on the web: nobody takes that back any more.
            let at = Timestamp::from_millisecond(note.read_at_ms).unwrap_or_default();
            leave::say_again(connection, note.identity, at).await?;
        }
        let about = (note.message, note.identity, note.class);
        if undecided::is_decided(connection, about).await? {
            let why = "somebody has decided about it";
            return Ok(BounceDecision::new(BounceOutcome::Nothing, why));
        }
        if self.acts {
            undecided::note(connection, note).await?;
        }
        let reasons = undecided::suppressed_now(connection, note.identity).await?;
        if reasons.is_empty() {
            return Ok(decision);
        }
        let reasons: Vec<String> = reasons.iter().map(ToString::to_string).collect();
        let why = format!(
            "{}. This person is suppressed ({}), which does not decide about it",
            decision.why,
            reasons.join(", ")
        );
        Ok(BounceDecision { why, ..decision })
    }

    /// What counts together with a report, and whether it was written before the last release.
    async fn before(
        &mut self,
        connection: &mut Connection,
        reader: Option<&ProvenReader>,
        (class, at): (BounceClass, Timestamp),
    ) -> Result<(BounceHistory, bool), SqlError> {
        let Some(reader) = reader else { return Ok((BounceHistory::default(), false)) };
        let history = self.history(connection, reader, (class, at)).await?;
        let at_ms = at.as_millisecond();
        Ok((history, bounces::is_before_release(connection, &reader.identity, at_ms).await?))
    }

    fn is_forgotten(&self, identity: &str) -> bool {
        self.forgotten.has_subject(&SuppressionSubject::Address(identity.to_owned()))
    }

    /// What counts together with a report of a class that was written at `at`.
    async fn history(
        &self,
        connection: &mut Connection,
        reader: &ProvenReader,
        (class, at): (BounceClass, Timestamp),
    ) -> Result<BounceHistory, SqlError> {
        let key = (reader.identity.clone(), class_word(class));
        let remembered = self.remembered.counted.get(&key).map_or(&[][..], Vec::as_slice);
        let report = (class, reader.report(at));
        counting::history(connection, &key.0, report, &self.policy, remembered).await
    }

    /// Does what was decided, or remembers it; whether somebody was suppressed before.
    async fn act(
        &mut self,
        connection: &mut Connection,
        acted: &ActedReport<'_>,
    ) -> Result<bool, SqlError> {
        let ActedReport { reader, decision, at, .. } = acted;
        if !acted.is_noted() || self.is_forgotten(&reader.identity) {
            return Ok(false);
        }
        if !self.acts {
            if decision.outcome != BounceOutcome::Nothing {
                let key = (reader.identity.clone(), class_word(acted.row.class));
                self.remembered.counted.entry(key).or_default().push(reader.report(*at));
            }
            let Some(reason) = decision.suppress else { return Ok(false) };
            let person = (reader.identity.clone(), reason);
            return Ok(!self.remembered.suppressed.insert(person));
        }
        acted.write(connection).await
    }
}

/// Where a report lies, whom its From names, and when it was written and read.
#[derive(Clone, Copy)]
struct WrittenWhere<'a> {
    /// The hash of the message, and where it lay.
    place: (&'a str, &'a str),
    senders: &'a str,
    at: Timestamp,
    now: Timestamp,
}

/// A report that is acted on.
pub(super) struct ActedReport<'a> {
    pub(super) row: &'a ReportedRecipient,
    pub(super) reader: &'a ProvenReader,
    pub(super) decision: &'a BounceDecision,
    /// The hash of the message, and where it lay.
    pub(super) place: (&'a str, &'a str),
    pub(super) at: Timestamp,
    pub(super) now: Timestamp,
}

impl ActedReport<'_> {
    /// Whether it is kept: what says something of a reader, and is not for a person to decide.
    pub(super) fn is_noted(&self) -> bool {
        if self.reader.evidence == ReportEvidence::MessageIdAlone {
            return false;
        }
        match self.row.class {
            BounceClass::Hard | BounceClass::Soft => true,
            BounceClass::Complaint | BounceClass::Unsubscribe => {
                self.decision.suppress.is_some() || self.decision.outcome == BounceOutcome::Counted
            }
            BounceClass::Autoreply | BounceClass::Delivered | BounceClass::None => false,
        }
    }

    /// Writes it down, and suppresses the person if that was decided; whether they were before.
    pub(super) async fn write(&self, connection: &mut Connection) -> Result<bool, SqlError> {
        let ActedReport { row, reader, decision, place: (message, source), at, now } = self;
        let status = row.status.map(|status| status.to_string());
        let note = BounceNote {
            message,
            row: reader.row.as_ref(),
            identity: &reader.identity,
            class: class_word(row.class),
            reason: row.reason.name(),
            code: row.code.map(|code| i64::from(code.0)),
            status: status.as_deref(),
            text: &row.text,
            outcome: decision.outcome.word(),
            why: &decision.why,
            source,
            at_ms: at.as_millisecond(),
            read_at_ms: now.as_millisecond(),
        };
        bounces::note(connection, &note).await?;
        let Some(reason) = decision.suppress else { return Ok(false) };
        let origin = match row.class {
            _ if reader.evidence == ReportEvidence::Provider => SuppressionOrigin::Webhook,
            BounceClass::Unsubscribe => SuppressionOrigin::Mail,
            _ if reader.evidence == ReportEvidence::Reply => SuppressionOrigin::Reply,
            _ => SuppressionOrigin::Bounce,
        };
        let why = match &reader.row {
            Some(row) => format!("{} ({})", decision.why, row.issue),
            None => decision.why.clone(),
        };
        let note = SuppressionNote { reason, why: &why, origin, at: *now };
        let is_new = if reason == SuppressionReason::Unsubscribed {
            let people = BTreeSet::from([reader.identity.clone()]);
            let origin = match origin {
                SuppressionOrigin::Webhook => ChangeOrigin::Web,
                _ => ChangeOrigin::Mail,
            };
            !leave::leave_within(connection, &people, &note, origin).await?.is_empty()
        } else {
            let subject = SuppressionSubject::Address(reader.identity.clone());
            suppression::suppress_within(connection, &subject, &note).await?
        };
        Ok(!is_new)
    }
}

/// The word of a class, as `--json` has it.
pub fn class_word(class: BounceClass) -> &'static str {
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

/// A report of one person as it is kept: it names nobody else, whatever it says.
fn without_others(row: &ReportedRecipient, about: Option<&String>) -> ReportedRecipient {
    let text = others::without(&row.text, about.map(String::as_str));
    ReportedRecipient { text, ..row.clone() }
}

/// Codes and words of a report, in one line.
fn said(row: &ReportedRecipient) -> String {
    const MOST: usize = 200;
    let code = row.code.map(|code| code.to_string());
    let status = row.status.map(|status| status.to_string());
    let text: String = row.text.chars().take(MOST).collect();
    let codes = [code, status].into_iter().flatten().filter(|code| !text.contains(code.as_str()));
    let parts: Vec<String> = codes.chain((!text.is_empty()).then(|| text.clone())).collect();
    parts.join(" ")
}

/// Where nothing was sent yet, a token for leaving is all that can be read.
fn without_a_ledger(report: BounceReport, keys: Option<&ReportKeys>) -> ReadMessage {
    let decided = report.recipients.iter().map(|row| {
        let token = |token: &String| {
            let keys = keys?;
            keys.keys.read_unsubscribe_token(&keys.list_id, token)
        };
        let left = report.tokens.iter().find_map(token);
        let left = left.filter(|_| row.class == BounceClass::Unsubscribe);
        let evidence = left.is_some().then_some(ReportEvidence::UnsubscribeToken);
        let said = said(row);
        let (class, reason) = (row.class, row.reason);
        let facts = DecisionFacts {
            class,
            reason,
            said: &said,
            evidence,
            is_known: false,
            is_before_release: false,
        };
        let decision = decide(&facts, BounceHistory::default(), &BouncePolicy::default());
        let person = left.map(|address| address.identity());
        let person = person.or_else(|| row.address.as_deref().and_then(evidence::identity));
        DecidedReport {
            decision,
            person,
            issue: None,
            evidence,
            was_suppressed: false,
            is_forgotten: false,
        }
    });
    let decided = decided.collect();
    ReadMessage { report: Some(report), was_read: false, decided }
}

/// Whether a report names somebody who was forgotten.
fn names(row: &ReportedRecipient, forgotten: &Forgotten) -> bool {
    let named = [row.address.as_deref(), row.original_address.as_deref()];
    let subject = |address| evidence::identity(address).map(SuppressionSubject::Address);
    let mut named = named.into_iter().flatten().filter_map(subject);
    named.any(|one| forgotten.has_subject(&one))
}

/// A message that was read before, for who wants to know what it says.
fn known(report: BounceReport, forgotten: &Forgotten) -> ReadMessage {
    let nothing = |row: &ReportedRecipient| DecidedReport {
        decision: BounceDecision::new(
            BounceOutcome::Nothing,
            "it was read before, and counts once",
        ),
        person: None,
        issue: None,
        evidence: None,
        was_suppressed: false,
        is_forgotten: names(row, forgotten),
    };
    let decided = report.recipients.iter().map(nothing).collect();
    ReadMessage { report: Some(report), was_read: true, decided }
}

/// What a relay answered, as a report would say it.
pub(super) fn of_reply(
    address: &str,
    (class, reason): (BounceClass, BounceReason),
    row: &RefusedRow,
) -> ReportedRecipient {
    ReportedRecipient {
        address: Some(address.to_owned()),
        original_address: None,
        class,
        reason,
        status: row.status.as_deref().and_then(bounce::code::status_of),
        code: row.code.and_then(|code| u16::try_from(code).ok()).map(bounce::code::ReplyCode),
        text: row.text.clone().unwrap_or_default(),
        part: bounces::FROM_RELAY.to_owned(),
        line: 1,
    }
}
