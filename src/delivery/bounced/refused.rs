//! What relays answered while an issue was sent, under the same policy as reports that come later.
//!
//! Asked when a send is over, of rows that it has refused by then: whether a reply is about a person or
//! about us is known only then. A row is refused only where the reply
//! spoke of its recipient. Must never write to the rows themselves.

use jiff::Timestamp;

use super::counting;
use super::decision::{DecisionFacts, ReportEvidence, decide};
use super::evidence::{self, ProvenReader};
use super::policy::BouncePolicy;
use super::reading::{ActedReport, of_reply};
use crate::bounce::reason;
use crate::delivery::ledger::bounces;
use crate::store::{Store, StoreError};

/// Takes note of the refused rows of an issue that nobody has taken note of; how many people got
/// suppressed by that.
///
/// # Errors
/// The store's: then nothing has changed.
pub async fn take_note(
    store: &Store,
    issue: &str,
    policy: &BouncePolicy,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let failed = |error| store.failed(error);
    let mut transaction = store.begin().await?;
    let rows = bounces::refused(&mut transaction, issue).await.map_err(failed)?;
    let mut suppressed = 0;
    for row in &rows {
        let Some(identity) = evidence::identity(&row.reported.email) else { continue };
        let at = row.at.as_deref().and_then(|at| at.parse().ok()).unwrap_or(now);
        let text = row.text.as_deref().unwrap_or_default();
        let class = reason::of_reply(text, row.status.as_deref(), row.code);
        let report = of_reply(&row.reported.email, class, row);
        let reader = ProvenReader {
            identity,
            row: Some(row.reported.clone()),
            evidence: ReportEvidence::Reply,
        };
        let identity = reader.identity.as_str();
        let counted = (report.class, reader.report(at));
        let history = counting::history(&mut transaction, identity, counted, policy, &[]).await;
        let history = history.map_err(failed)?;
        let codes = [row.code.map(|code| code.to_string()), row.status.clone()];
        let said: Vec<String> =
            codes.into_iter().flatten().chain([text.replace('\n', " ")]).collect();
        let said = said.join(" ");
        let facts = DecisionFacts {
            class: report.class,
            reason: report.reason,
            said: &said,
            evidence: Some(ReportEvidence::Reply),
            is_known: true,
            is_before_release: bounces::is_before_release(
                &mut transaction,
                identity,
                at.as_millisecond(),
            )
            .await
            .map_err(failed)?,
        };
        let decision = decide(&facts, history, policy);
        let message = format!("{}/{}", row.reported.row, row.attempts);
        let place = (message.as_str(), bounces::FROM_RELAY);
        let acted =
            ActedReport { row: &report, reader: &reader, decision: &decision, place, at, now };
        let was_suppressed = acted.write(&mut transaction).await.map_err(failed)?;
        suppressed += u64::from(decision.suppress.is_some() && !was_suppressed);
    }
    transaction.commit().await.map_err(failed)?;
    Ok(suppressed)
}
