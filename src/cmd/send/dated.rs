//! A first send that is dated more than a year from now: the clock of a computer that has lost its
//! time says 1970 or 1998, and there is no entry of a ledger yet that shows it.
//!
//! Must never ask where somebody has allowed the date (`issue-date`), or may have the issue.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use sejong_digest::delivery::send::survey::Ready;

use super::{question, refusal};
use crate::cmd::failure::{Failure, Passes};
use crate::cmd::{clock, print};

/// A letter may be written a year before its day.
const YEAR_DAYS: i32 = 366;

/// What is doubted of the clock or of the issue's date, which lies `ahead` of it.
pub(super) async fn doubt(
    ready: &Ready,
    allow: &[String],
    zone: &TimeZone,
) -> Result<Option<String>, Failure> {
    let content = ready.content();
    let (Some(issue), false) = (content.issue(), content.is_had()) else { return Ok(None) };
    let is_allowed = allow.iter().any(|rule| rule == "issue-date")
        || issue.allow.iter().any(|allowed| allowed.rule == "issue-date");
    // A ledger that has an entry is compared with the clock by itself.
    if is_allowed || ready.last_entry().await.map_err(refusal::told)?.is_some() {
        return Ok(None);
    }
    let now = clock::now();
    Ok(days_ahead(issue.date, clock::at(now, zone).date()).map(|days| {
        format!(
            "the clock of this computer says {} ({}), and the issue is dated {}, {days} days later: one \
             of the two may be wrong",
            clock::minute(now, zone),
            clock::zone_name(now, zone),
            issue.date
        )
    }))
}

/// How far the day of an issue lies ahead, where that is more than a year.
fn days_ahead(issue: Date, today: Date) -> Option<i32> {
    let days = issue.since(today).ok()?.get_days();
    (days > YEAR_DAYS).then_some(days)
}

/// Goes on where the issue is dated of about this time, or clock and date are right as somebody says.
pub(super) async fn is_right(
    ready: &Ready,
    allow: &[String],
    zone: &TimeZone,
    (wanted, asked): (bool, bool),
) -> Result<(), Failure> {
    let Some(doubt) = doubt(ready, allow, zone).await? else { return Ok(()) };
    if wanted {
        print::note(&doubt);
        return Ok(());
    }
    question::allowed(
        &doubt,
        ("Are clock and date right?", Passes::With("--despite-clock")),
        asked,
        "set the clock of this computer (`date` shows it), or the date of the issue, and send again. If \
         both are right, add --despite-clock",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_year_ahead_is_far_and_the_past_is_not() {
        for (issue, today, far) in [
            ("2025-11-27", "2025-11-27", false),
            ("2026-11-27", "2025-11-27", false),
            ("2026-11-29", "2025-11-27", true),
            ("2025-11-27", "1998-06-12", true),
            ("2025-11-27", "1970-01-01", true),
            // An issue of last year may go to a new list.
            ("2019-11-27", "2025-11-27", false),
        ] {
            let found = days_ahead(issue.parse().unwrap(), today.parse().unwrap());
            assert_eq!(found.is_some(), far, "{issue} {today}");
        }
    }
}
