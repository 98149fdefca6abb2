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
use crate::bounce::provider::{MailProvider, ProviderEvent};
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
        let row = self.row_of(connection, event, &identity).await?;
        if row.is_none() && !sent::has_left(connection, &identity, self.our_id(event)).await? {
            return Ok(());
        }
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

    /// The row of the issue that an event is about; a mail about a subscription has none.
    async fn row_of(
        &self,
        connection: &mut Connection,
        event: &ProviderEvent,
        identity: &str,
    ) -> Result<Option<ReportedRow>, SqlError> {
        match self.our_id(event) {
            Some(id) => {
                let row = bounces::row_of_message(connection, identity, id).await?;
                Ok(row.map(|(row, _)| row))
            }
            None => bounces::last_tried_row_of(connection, identity).await,
        }
    }
}
