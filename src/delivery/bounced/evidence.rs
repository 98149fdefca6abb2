//! A report -> the row of the ledger that it is about, if it shows that it is about a mail of ours.
//!
//! Anybody can send a report. What counts is a token that only our keys make, or, of mail that left
//! without one, the Message-ID of a row: and then for the person of that row alone, whomever the report
//! names.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::decision::ReportEvidence;
use crate::audience::forgotten::ForgettingKeys;
use crate::bounce::reason::BounceClass;
use crate::bounce::{BounceReport, ReportedRecipient};
use crate::delivery::ledger::bounces::{self, CountedReport, ReportedRow};
use crate::delivery::outbox::sent;
use crate::message::address::Address;
use crate::message::token::Keys;
use crate::store::sql::{Connection, SqlError};

/// Texts of one report that are tried, at most.
const MOST_TRIED: usize = 40;

/// By what a report is known to be ours.
#[derive(Clone, Debug)]
pub struct ReportKeys {
    /// The keys of the secret.
    pub keys: Keys,
    /// The list's identifier.
    pub list_id: String,
    /// The address of reports, with `{token}` in it where each message has its own.
    pub reverse_path: Option<String>,
    /// By what is known who was forgotten.
    pub forgetting: ForgettingKeys,
}

/// Whom a report is proven to be about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ProvenReader {
    pub(super) identity: String,
    /// The row, where it is known which.
    pub(super) row: Option<ReportedRow>,
    pub(super) evidence: ReportEvidence,
}

impl ProvenReader {
    /// A report that was written at `at`, as it counts.
    pub(super) fn report(&self, at: Timestamp) -> CountedReport {
        let row = self.row.as_ref().map(|row| row.row);
        CountedReport { row, at_ms: at.as_millisecond() }
    }
}

impl ReportKeys {
    /// What stands for `{token}` in an address, if it is one of those that messages leave with, and
    /// what stands behind a `+` in it.
    fn tokens_in<'a>(&'a self, address: &'a str) -> impl Iterator<Item = &'a str> {
        let pattern = self.reverse_path.as_deref().and_then(|path| path.split_once("{token}"));
        let by_pattern = pattern.and_then(|(before, after)| {
            let rest = address.get(before.len()..)?;
            let is_ours = address[..before.len()].eq_ignore_ascii_case(before);
            let token = rest.get(..rest.len().checked_sub(after.len())?)?;
            let is_ours = is_ours && rest[token.len()..].eq_ignore_ascii_case(after);
            is_ours.then_some(token)
        });
        let local = address.rsplit_once('@').map_or("", |(local, _)| local);
        let by_sign = local.split_once('+').map(|(_, token)| token);
        by_pattern.into_iter().chain(by_sign)
    }

    /// Finds whom a report is about.
    pub(super) async fn proven(
        &self,
        connection: &mut Connection,
        report: &BounceReport,
    ) -> Result<Option<ProvenReader>, SqlError> {
        if report.recipients.iter().any(|row| row.class == BounceClass::Unsubscribe) {
            return self.by_unsubscribe_token(connection, &report.tokens).await;
        }
        if let Some((email, row)) = self.by_reverse_path(connection, report).await? {
            let evidence = ReportEvidence::ReversePath;
            return Ok(identity(&email).map(|identity| ProvenReader { identity, row, evidence }));
        }
        let by_id = self.by_message_id(connection, report).await?;
        let by_id = match by_id {
            Some((identity, row, true)) => {
                Some(ProvenReader { identity, row, evidence: ReportEvidence::MessageIdAlone })
            }
            // Nothing else vouches for it: the report itself has to name that very person.
            Some((identity, row, false)) if names(report, &identity) => {
                let evidence = ReportEvidence::MessageId;
                return Ok(Some(ProvenReader { identity, row, evidence }));
            }
            Some((_, _, false)) | None => None,
        };
        let tokens = &report.original.unsubscribe_tokens;
        Ok(self.by_unsubscribe_token(connection, tokens).await?.or(by_id))
    }

    /// The address that the mail was to, and the row of its issue if it is one.
    async fn by_reverse_path(
        &self,
        connection: &mut Connection,
        report: &BounceReport,
    ) -> Result<Option<(String, Option<ReportedRow>)>, SqlError> {
        let addresses = report.addressed_to.iter().chain(&report.original.return_paths);
        let tokens: BTreeSet<&str> =
            addresses.flat_map(|address| self.tokens_in(address)).take(MOST_TRIED).collect();
        for token in tokens {
            for number in self.keys.reverse_path_rows(token) {
                let Ok(number) = i64::try_from(number) else { continue };
                let is_ours = |issue: &str, email: &str| {
                    let (list_id, number) = (&self.list_id, number.unsigned_abs());
                    Address::parse(email).is_ok_and(|address| {
                        self.keys.is_reverse_path_token(list_id, issue, &address, number, token)
                    })
                };
                let row = bounces::row_of(connection, number).await?;
                if let Some(row) = row.filter(|row| is_ours(&row.issue, &row.email)) {
                    return Ok(Some((row.email.clone(), Some(row))));
                }
                let letter = sent::letter_of(connection, number).await?;
                if let Some(letter) = letter.filter(|one| is_ours(&one.name, &one.email)) {
                    return Ok(Some((letter.email, None)));
                }
            }
        }
        Ok(None)
    }

    /// A person whom the report names, or whom the mail that it returns was to; the row of the issue if
    /// it is one; and whether a report of that mail would come with a token of its reverse-path.
    async fn by_message_id(
        &self,
        connection: &mut Connection,
        report: &BounceReport,
    ) -> Result<Option<(String, Option<ReportedRow>, bool)>, SqlError> {
        let Some(message_id) = &report.original.message_id else { return Ok(None) };
        let named = report.recipients.iter().flat_map(addresses);
        let tokens = report.original.unsubscribe_tokens.iter();
        let of_tokens = tokens.filter_map(|token| {
            let address = self.keys.read_unsubscribe_token(&self.list_id, token)?;
            Some(address.identity())
        });
        let to = report.original.to.iter().filter_map(|address| identity(address));
        let people: BTreeSet<String> = named.chain(to).chain(of_tokens).take(MOST_TRIED).collect();
        for person in people {
            let found = bounces::row_of_message(connection, &person, message_id).await?;
            if let Some((row, has_token)) = found {
                return Ok(identity(&row.email).map(|identity| (identity, Some(row), has_token)));
            }
            if sent::has_left(connection, &person, Some(message_id)).await? {
                let path = self.reverse_path.as_deref();
                let has_token = path.is_some_and(|path| path.contains("{token}"));
                return Ok(Some((person, None, has_token)));
            }
        }
        Ok(None)
    }

    /// The person of an unsubscribe token; of which issue it was, it does not say.
    async fn by_unsubscribe_token(
        &self,
        connection: &mut Connection,
        tokens: &[String],
    ) -> Result<Option<ProvenReader>, SqlError> {
        let read = |token: &String| self.keys.read_unsubscribe_token(&self.list_id, token);
        let Some(address) = tokens.iter().take(MOST_TRIED).find_map(read) else { return Ok(None) };
        let identity = address.identity();
        let row = bounces::last_row_of(connection, &identity).await?;
        let evidence = ReportEvidence::UnsubscribeToken;
        Ok(Some(ProvenReader { identity, row, evidence }))
    }
}

/// Whether a report names the person whom a mail was sent to.
fn names(report: &BounceReport, identity: &str) -> bool {
    report.recipients.iter().flat_map(addresses).any(|named| named == identity)
}

/// The identity of an address that a report names, if it is one.
pub(super) fn identity(address: &str) -> Option<String> {
    Address::parse(address).ok().map(|address| address.identity())
}

/// The people whom a row of a report names.
fn addresses(row: &ReportedRecipient) -> impl Iterator<Item = String> {
    let named = [row.address.as_deref(), row.original_address.as_deref()];
    named.into_iter().flatten().filter_map(identity)
}

/// Whether a row of a report is about the person whom it is proven for. Of one recipient alone, the
/// token of the reverse-path tells better who it was than a server to which mail was passed on.
pub(super) fn is_about(row: &ReportedRecipient, is_alone: bool, reader: &ProvenReader) -> bool {
    match reader.evidence {
        ReportEvidence::ReversePath | ReportEvidence::Reply if is_alone => true,
        ReportEvidence::UnsubscribeToken if row.class == BounceClass::Unsubscribe => true,
        _ if row.address.is_none() => is_alone,
        _ => addresses(row).any(|address| address == reader.identity),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_stands_where_the_address_has_one() {
        let keys = |reverse_path: Option<&str>| ReportKeys {
            keys: Keys::new(b"secret"),
            list_id: "list".to_owned(),
            reverse_path: reverse_path.map(str::to_owned),
            forgetting: ForgettingKeys::default(),
        };
        for (pattern, address, expected) in [
            (Some("bounces+{token}@x.example"), "Bounces+abc@X.example", vec!["abc", "abc"]),
            (Some("{token}@b.x.example"), "abc@b.x.example", vec!["abc"]),
            (Some("b-{token}@x.example"), "b-abc@x.example", vec!["abc"]),
            (Some("b-{token}@x.example"), "b@x.example", vec![]),
            (Some("b-{token}@x.example"), "ü-@x.example", vec![]),
            (None, "b+abc@x.example", vec!["abc"]),
            (Some("b@x.example"), "b@x.example", vec![]),
        ] {
            let keys = keys(pattern);
            assert_eq!(keys.tokens_in(address).collect::<Vec<_>>(), expected, "{address}");
        }
    }
}
