//! What providers of mail have posted, under the same policy as reports that come by mail.
//!
//! A provider that has proven who it is vouches for the event, and the ledger for the mail: nothing
//! happens to anybody who was sent none. Must never count an event twice, however often it comes.

use jiff::Timestamp;

use super::counting;
use super::decision::{DecisionFacts, ReportEvidence, decide};
use super::evidence::{self, ProvenReader};
use super::others;
use super::policy::BouncePolicy;
use super::reading::ActedReport;
use crate::audience::forgotten::{ForgettingKeys, Forgotten};
use crate::audience::suppression::SuppressionSubject;
use crate::bounce::ReportedRecipient;
use crate::bounce::provider::{MailProvider, ProviderEvent, ses};
use crate::bounce::reason::BounceClass;
use crate::crypto;
use crate::delivery::ledger::bounces::{self, ReportedRow};
use crate::delivery::outbox::sent;
use crate::store::sql::{Connection, SqlError};
use crate::store::{Store, StoreError};

/// What one request has brought, when it is proven whose it is.
#[derive(Clone, Debug)]
pub struct PostedReport {
    /// Who says it.
    pub provider: MailProvider,
    /// Where it came to, as `digest.toml` names it.
    pub name: String,
    /// What the provider proves itself with once and no second time.
    pub once: Option<String>,
    /// What it says.
    pub events: Vec<ProviderEvent>,
}

/// What an event is about.
enum ReportedMail {
    /// The row of an issue.
    Issue(ReportedRow),
    /// A mail about a subscription, which has none.
    Letter,
    /// No mail of ours.
    Other,
}

/// Mails to one person that are looked at for the number of one, at most.
const MOST_TRIED: i64 = 100;

/// Acts on what was posted, all of it or nothing. What has come before changes nothing.
///
/// # Errors
/// The store's: then nothing has changed.
pub async fn take_note(
    store: &Store,
    keys: &ForgettingKeys,
    (posted, policy): (&PostedReport, &BouncePolicy),
    now: Timestamp,
) -> Result<(), StoreError> {
    let failed = |error| store.failed(error);
    let events: Vec<&ProviderEvent> =
        posted.events.iter().filter(|event| says_something(event)).collect();
    if events.is_empty() {
        return Ok(());
    }
    let forgotten = Forgotten::as_far_as_known(store, keys).await?;
    let mut transaction = store.begin().await?;
    if let Some(once) = &posted.once {
        let hash = posted.hash("once", once);
        if bounces::was_read(&mut transaction, &hash).await.map_err(failed)? {
            return Ok(());
        }
        let note = bounces::note_read(&mut transaction, &hash, now.as_millisecond()).await;
        note.map_err(failed)?;
    }
    for event in events {
        posted.act(&mut transaction, event, (&forgotten, policy, now)).await.map_err(failed)?;
    }
    transaction.commit().await.map_err(failed)
}

fn says_something(event: &ProviderEvent) -> bool {
    match event.recipient.class {
        BounceClass::Hard
        | BounceClass::Soft
        | BounceClass::Complaint
        | BounceClass::Unsubscribe => true,
        BounceClass::Autoreply | BounceClass::Delivered | BounceClass::None => false,
    }
}

impl PostedReport {
    /// By what an event is known again, among the messages that were read.
    fn hash(&self, what: &str, id: &str) -> String {
        let parts = ["webhook", self.provider.word(), what, id];
        data_encoding::HEXLOWER.encode(&crypto::sha256(parts.map(str::as_bytes)))
    }

    async fn act(
        &self,
        connection: &mut Connection,
        event: &ProviderEvent,
        (forgotten, policy, now): (&Forgotten, &BouncePolicy, Timestamp),
    ) -> Result<(), SqlError> {
        let named = event.recipient.address.as_deref().and_then(evidence::identity);
        let Some(identity) = named else { return Ok(()) };
        let hash = self.hash("event", &event.id);
        if forgotten.has_subject(&SuppressionSubject::Address(identity.clone()))
            || bounces::was_read(connection, &hash).await?
        {
            return Ok(());
        }
        // Without a mail of ours nothing is kept of it, not even that it came.
        let found = self.mail_of(connection, event, &identity).await?;
        let row = match found {
            ReportedMail::Issue(row) => Some(row),
            ReportedMail::Letter => None,
            ReportedMail::Other => return Ok(()),
        };
        bounces::note_read(connection, &hash, now.as_millisecond()).await?;
        let evidence = ReportEvidence::Provider;
        let reader = ProvenReader { identity, row, evidence };
        let identity = reader.identity.as_str();
        let at = event.at.filter(|at| *at < now).unwrap_or(now);
        let text = others::without(&event.recipient.text, Some(identity));
        let report = ReportedRecipient { text, ..event.recipient.clone() };
        let counted = (report.class, reader.report(at));
        let history = counting::history(connection, identity, counted, policy, &[]).await?;
        let at_ms = at.as_millisecond();
        let facts = DecisionFacts {
            class: report.class,
            reason: report.reason,
            said: &report.text,
            evidence: Some(evidence),
            is_known: true,
            is_before_release: bounces::is_before_release(connection, identity, at_ms).await?,
        };
        let decision = decide(&facts, history, policy);
        let source = format!("webhook {}", self.name);
        let acted = ActedReport {
            row: &report,
            reader: &reader,
            decision: &decision,
            place: (&hash, &source),
            at,
            now,
        };
        if acted.is_noted() {
            acted.write(connection).await?;
        }
        Ok(())
    }

    /// The Message-ID that we gave, where the provider keeps it: another one is that of other mail, which
    /// goes by the same account.
    fn our_id<'a>(&self, event: &'a ProviderEvent) -> Option<&'a str> {
        event.message_id.as_deref().filter(|_| self.provider.keeps_message_id())
    }

    /// The mail of ours that an event is about: the one that the provider took by that number, or left us
    /// with that Message-ID; where it names neither, the last one.
    async fn mail_of(
        &self,
        connection: &mut Connection,
        event: &ProviderEvent,
        identity: &str,
    ) -> Result<ReportedMail, SqlError> {
        let relay_id = event.relay_id.as_deref();
        let most = if relay_id.is_some() { MOST_TRIED } else { 1 };
        let mut rows = bounces::tried_rows_of(connection, identity, most).await?;
        let letters = sent::replies(connection, identity, most).await?;
        let number =
            |reply: &Option<String>| reply.as_deref().and_then(ses::id_in).map(str::to_owned);
        let is_named =
            |reply: &Option<String>| relay_id.is_some() && number(reply).as_deref() == relay_id;
        if let Some(at) = rows.iter().position(|(_, reply)| is_named(reply)) {
            return Ok(ReportedMail::Issue(rows.swap_remove(at).0));
        }
        if letters.iter().any(is_named) {
            return Ok(ReportedMail::Letter);
        }
        if let Some(id) = self.our_id(event) {
            let row = bounces::row_of_message(connection, identity, id).await?;
            let is_letter = row.is_none() && sent::has_left(connection, identity, Some(id)).await?;
            return Ok(match row {
                Some((row, _)) => ReportedMail::Issue(row),
                None if is_letter => ReportedMail::Letter,
                None => ReportedMail::Other,
            });
        }
        // One that was taken by another number is not meant.
        let may_be_meant = |reply: &Option<String>| relay_id.is_none() || number(reply).is_none();
        let last = rows.into_iter().next().filter(|(_, reply)| may_be_meant(reply));
        Ok(match last {
            Some((row, _)) => ReportedMail::Issue(row),
            None if letters.first().is_some_and(may_be_meant) => ReportedMail::Letter,
            None => ReportedMail::Other,
        })
    }
}
