//! What was reported of the people of an issue, beside what the relay said.

use jiff::tz::TimeZone;
use sejong_digest::delivery::ledger::Ledger;
use sejong_digest::delivery::ledger::bounces::{BounceCounts, IssueComplaints, ListedBounce};

use crate::cmd::clock;
use crate::cmd::failure::Failure;

/// `status --list bounced`: a line for each report, or one array of JSON.
pub(super) async fn list(ledger: &Ledger, zone: &TimeZone, json: bool) -> Result<String, Failure> {
    let all = ledger.bounces().await?;
    if json {
        return Ok(format!("{}\n", serde_json::to_string(&all)?));
    }
    let line = |one: &ListedBounce| {
        let at = clock::minute(one.at, zone);
        let said = said(one);
        format!("{}\t{}\t{}\t{at}\t{said}\n", one.email, one.class, one.outcome)
    };
    Ok(all.iter().map(line).collect())
}

/// Codes and words, in one line.
pub(in crate::cmd) fn said(one: &ListedBounce) -> String {
    let code = one.code.map(|code| code.to_string());
    let codes = [code, one.enhanced.clone()].into_iter().flatten();
    let codes = codes.filter(|code| !one.text.contains(code.as_str()));
    codes.chain([one.text.replace('\n', " ")]).collect::<Vec<_>>().join(" ")
}

/// `  reported later: 2 hard, 1 soft, 1 complaint`; nothing where nothing was.
pub(super) fn line(issue: &str, counts: BounceCounts, accepted: u64) -> String {
    let BounceCounts { hard, soft, complaints } = counts;
    let complained = if complaints == 1 { "complaint" } else { "complaints" };
    let parts = [(hard, "hard"), (soft, "soft"), (complaints, complained)];
    let parts = parts.iter().filter(|(count, _)| *count > 0);
    let parts: Vec<String> = parts.map(|(count, word)| format!("{count} {word}")).collect();
    if parts.is_empty() {
        return String::new();
    }
    let mut text = format!("  reported later: {}\n", parts.join(", "));
    let rate = IssueComplaints { issue: issue.to_owned(), accepted, complaints };
    if rate.is_warned_of() {
        text.push_str(&format!("  warning: {rate}\n"));
    }
    text
}
