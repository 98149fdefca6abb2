//! After the last message: what became of all, truthfully, for people and for scripts.

use std::time::Duration;

use sejong_digest::compose::Composition;
use sejong_digest::delivery::ledger::Ledger;
use sejong_digest::delivery::ledger::overview::Counts;
use serde::Serialize;

use super::plan::duration;
use crate::cmd::failure::Failure;
use crate::cmd::print;

/// Rows of each state that are shown one by one.
const SHOWN: i64 = 10;

/// The object that `send --json` ends with. The names are relied on by scripts.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    issue: String,
    content_hash: String,
    planned: u64,
    accepted: u64,
    refused: u64,
    deferred: u64,
    uncertain: u64,
    suppressed: u64,
    pending: u64,
    elapsed_s: f64,
    messages_per_s: f64,
    #[serde(skip)]
    settled: u64,
}

impl Summary {
    pub(super) fn new(
        issue: &str,
        composition: &Composition,
        counts: Counts,
        elapsed: Duration,
        settled: u64,
    ) -> Summary {
        let seconds = elapsed.as_secs_f64();
        let rate = if seconds > 0.0 { settled as f64 / seconds } else { 0.0 };
        Summary {
            issue: issue.to_owned(),
            content_hash: composition.hash_hex(),
            planned: counts.planned,
            accepted: counts.accepted,
            refused: counts.refused,
            deferred: counts.deferred,
            uncertain: counts.uncertain,
            suppressed: counts.suppressed,
            pending: counts.pending,
            elapsed_s: (seconds * 1_000.0).round() / 1_000.0,
            messages_per_s: (rate * 10.0).round() / 10.0,
            settled,
        }
    }

    pub(super) fn json(&self) -> Result<String, Failure> {
        Ok(serde_json::to_string(self)?)
    }

    pub(super) fn human(&self) -> String {
        let parts = [
            (self.accepted, "accepted"),
            (self.refused, "refused"),
            (self.deferred, "deferred"),
            (self.uncertain, "uncertain"),
            (self.suppressed, "suppressed"),
            (self.pending, "pending"),
        ];
        let parts: Vec<String> = parts
            .iter()
            .filter(|(number, name)| *number > 0 || *name == "accepted")
            .map(|(number, name)| format!("{number} {name}"))
            .collect();
        let pace = match self.settled {
            0 => String::new(),
            _ => format!(" in {} ({:.0}/s)", duration(self.elapsed_s), self.messages_per_s),
        };
        format!("{}: {} of {} planned{pace}\n", self.issue, parts.join(", "), self.planned)
    }
}

/// Shows whom the relay refused or put off, and of whom nobody can tell, with its words.
pub(super) async fn troubles(ledger: &Ledger) -> Result<(), Failure> {
    for state in ["refused", "deferred", "uncertain"] {
        listed(ledger, state).await?;
    }
    Ok(())
}

/// Shows the first rows in a state.
pub(super) async fn listed(ledger: &Ledger, state: &str) -> Result<(), Failure> {
    let rows = ledger.list(state, SHOWN + 1).await?;
    for row in rows.iter().take(usize::try_from(SHOWN).unwrap_or(usize::MAX)) {
        let code = row.code.map_or(String::new(), |code| format!("{code} "));
        let enhanced = row.enhanced.as_ref().map_or(String::new(), |code| format!("{code} "));
        let text = row.text.as_deref().unwrap_or_default().replace('\n', " ");
        print::note(&format!("{state:<9} {}: {code}{enhanced}{text}", row.email));
    }
    if rows.len() as i64 > SHOWN {
        print::note(&format!("{state:<9} … and more"));
    }
    Ok(())
}
