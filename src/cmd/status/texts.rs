//! Which text of an issue people have, and what was corrected in it since.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use sejong_digest::delivery::ledger::Ledger;
use sejong_digest::diagnostic::counted;
use sejong_digest::store::StoreError;
use serde::Serialize;

use crate::cmd::clock;

/// What is told of the texts of an issue.
#[derive(Serialize)]
pub(super) struct IssueTexts {
    revisions: Vec<HeldText>,
    corrections: Vec<CorrectionTold>,
}

/// How many people are in which state with a revision; none where an older version has sent it.
#[derive(Serialize)]
struct HeldText {
    number: Option<i64>,
    #[serde(flatten)]
    people: BTreeMap<&'static str, u64>,
}

#[derive(Serialize)]
struct CorrectionTold {
    number: i64,
    at: String,
    note: String,
    /// The last issue that tells readers of it: it has the notes of all corrections before it.
    erratum: Option<String>,
    /// People who have the issue, or may have it, as it was before.
    outdated: u64,
    /// People who have such an issue, or may have it.
    told: u64,
    #[serde(skip)]
    shown_at: jiff::Timestamp,
}

impl IssueTexts {
    pub(super) async fn of(ledger: &Ledger) -> Result<IssueTexts, StoreError> {
        let mut revisions: Vec<HeldText> = Vec::new();
        for (number, state, people) in ledger.held_revisions().await? {
            if revisions.last().is_none_or(|last| last.number != number) {
                revisions.push(HeldText { number, people: BTreeMap::new() });
            }
            if let Some(last) = revisions.last_mut() {
                last.people.insert(state.word(), people);
            }
        }
        let mut corrections = Vec::new();
        let all = ledger.corrections().await?;
        let erratum = all.iter().rev().find_map(|kept| Some((kept.number, kept.erratum.clone()?)));
        for kept in all {
            let is_told = |(number, _): &&(i64, String)| kept.number <= *number;
            corrections.push(CorrectionTold {
                number: kept.number,
                at: clock::second(kept.correction.at),
                note: kept.correction.note,
                erratum: erratum.as_ref().filter(is_told).map(|(_, name)| name.clone()),
                told: ledger.told(kept.number).await?,
                outdated: ledger.outdated(kept.number).await?,
                shown_at: kept.correction.at,
            });
        }
        Ok(IssueTexts { revisions, corrections })
    }

    /// A line for each correction.
    pub(super) fn lines(&self, zone: &TimeZone) -> String {
        let line = |one: &CorrectionTold| {
            let told = one.erratum.as_ref().map(|name| match one.told {
                0 => format!("; {name} tells of it, and nobody has that yet"),
                told => format!("; {} told of it", counted_with_verb(told)),
            });
            format!(
                "  corrected {}: {} ({} got it as it was before{})\n",
                clock::minute(one.shown_at, zone),
                one.note,
                counted(one.outdated, "person"),
                told.unwrap_or_default()
            )
        };
        self.corrections.iter().map(line).collect()
    }
}

/// `1 person was`, `2 people were`
fn counted_with_verb(people: u64) -> String {
    format!("{} {}", counted(people, "person"), if people == 1 { "was" } else { "were" })
}
