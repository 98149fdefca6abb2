//! What may be wrong although nothing is an error: a list that lacks most of those who wait, and a clock
//! that contradicts the ledger. Somebody has to say that it is right.

use std::path::Path;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use sejong_digest::delivery::duration;
use sejong_digest::delivery::ledger::wishes::Reopened;
use sejong_digest::delivery::send::plan::Plan;
use sejong_digest::delivery::send::survey::Ready;

use super::{question, refusal};
use crate::cmd::failure::{Failure, Passes};
use crate::cmd::files::describe;
use crate::cmd::{clock, print};

/// So many have to be missing before the list is doubted: some leave between two runs.
const MANY_MISSING: u64 = 5;

/// Of those who have the issue, so many in the list vouch for it: one for four who are missing. The few
/// people who are in every list, such as the editors, do not.
const MISSING_FOR_EACH: u64 = 4;

/// A list lacks one of so many between two runs, and not more: a file that was cut off lacks more.
const ONE_OF: u64 = 10;

/// So few who have the issue may leave a small list.
const FEW: u64 = 2;

/// Somebody takes the mailboxes that are full out of a list, one of so many.
const TAKEN_OUT: u64 = 5;

/// Two clocks that are so near are one.
const SAME: SignedDuration = SignedDuration::from_mins(2);
/// So far may a clock lie behind the ledger: it was set, or the zone was mistaken.
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// So long may nothing be sent: a letter a year.
const LONG: SignedDuration = SignedDuration::from_hours(24 * 400);
/// So far from this day may the issue's own day lie, after a long time.
const NEAR: SignedDuration = SignedDuration::from_hours(24 * 180);

/// What the clock and the ledger say of each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ClockDoubt {
    /// They agree.
    None,
    /// The clock is less than a day behind the ledger.
    Slight,
    /// It is a day or more behind.
    Behind,
    /// It is so far ahead that nothing was sent for long, and the issue is dated of another time.
    Ahead,
}

/// What is doubted of the list: it lacks five or more of those who wait, and looks like another file, or
/// like one that was cut off. A list that is right has nine tenths of the people whom the ledger knows.
/// It may lack some more of those who were put off, where it has the others: somebody has taken out the
/// mailboxes that are full. Nobody does that to people who were never tried.
pub(super) fn of_list(plan: &Plan, issue: &str, list: &Path) -> Option<String> {
    let Plan { leaving, waiting, missing: (untried, tried), had: (had, listed), .. } = *plan;
    let lacking = had.saturating_sub(listed);
    let lacks_had = lacking > FEW && lacking.saturating_mul(ONE_OF) > had;
    let lacks_untried =
        untried >= MANY_MISSING && untried.saturating_mul(ONE_OF) > had.saturating_add(waiting);
    let here = listed + waiting.saturating_sub(leaving);
    let lacks_tried =
        tried >= MANY_MISSING && tried.saturating_mul(TAKEN_OUT) > here.saturating_add(tried);
    let lacks_most = leaving > waiting / 2 && listed.saturating_mul(MISSING_FOR_EACH) < leaving;
    let is_doubted = lacks_had || lacks_untried || lacks_tried || lacks_most;
    (leaving >= MANY_MISSING && is_doubted).then(|| {
        let also = if lacks_had {
            format!(", and neither are {lacking} of the {had} who have it")
        } else {
            String::new()
        };
        format!(
            "{leaving} of {waiting} people who wait for {issue} are not in {}, or are left out of \
             it{also}: it may be the wrong file",
            describe(list)
        )
    })
}

/// Goes on where the list is not doubted, or somebody has said that it is right: by a flag (`wanted`),
/// or whoever is `asked`. Where nobody is left to send to, it is told and not asked: whoever is left
/// out gets the issue from a later list that has them.
pub(super) fn list_is_meant(
    doubt: Option<String>,
    to_send: u64,
    (wanted, asked): (bool, bool),
) -> Result<(), Failure> {
    let Some(doubt) = doubt.filter(|_| !wanted) else { return Ok(()) };
    if to_send == 0 {
        print::note(&doubt);
        return Ok(());
    }
    question::allowed(
        &doubt,
        ("Are these people to get nothing?", Passes::With("--despite-list")),
        asked,
        "name the list that the issue is sent to: --subscribers FILE. If these people are to get \
         nothing, add --despite-list: then they are suppressed",
    )
}

/// The same before the lock, where nobody can be `asked`, so that it is told together with all else.
/// Where somebody sends meanwhile, the lock tells more.
pub(super) async fn list_is_right(
    ready: &Ready,
    reopened: Reopened,
    list: &Path,
    (wanted, asked): (bool, bool),
) -> Result<(), Failure> {
    if wanted || asked || ready.is_overtaken().await.map_err(refusal::told)? {
        return Ok(());
    }
    let plan = ready.plan_ahead(reopened).await.map_err(refusal::told)?;
    let issue = &ready.content().composition().issue;
    let doubt = of_list(&plan, issue, list).filter(|_| plan.to_send > 0);
    list_is_meant(doubt, plan.to_send, (wanted, asked))
}

/// What is doubted of the clock, and whether it may pass untold of a person. Nothing in a rehearsal.
pub(super) async fn of_clock(
    ready: &Ready,
    zone: &TimeZone,
) -> Result<Option<(String, bool)>, Failure> {
    let Some(last) = ready.last_entry().await.map_err(refusal::told)? else { return Ok(None) };
    let (now, day) = (clock::now(), ready.content().headline().date);
    let doubt = judged(now, last, day, zone);
    let (says, entry) = (clock::minute(now, zone), clock::minute(last, zone));
    let zone = clock::zone_name(now, zone);
    let apart = duration::spelled(now.duration_since(last).abs());
    let compared = format!(
        "the clock of this computer says {says} ({zone}), and the ledger's last entry is of {entry}"
    );
    Ok(match doubt {
        ClockDoubt::None => None,
        ClockDoubt::Slight => {
            Some((format!("{compared}: one of the two was wrong, by {apart} or more"), true))
        }
        ClockDoubt::Behind => {
            Some((format!("{compared}, {apart} later: one of the two is wrong"), false))
        }
        ClockDoubt::Ahead => {
            let day = day.map_or(String::new(), |day| format!(", and the issue is dated {day}"));
            Some((format!("{compared}, {apart} earlier{day}: the clock may be wrong"), false))
        }
    })
}

/// Goes on where the clock is not doubted, or is right as somebody says. Where nobody is left to send
/// to, it is told and not asked: no message goes out by it, and no run would remember the answer. Those
/// who are `reopened` are left, and whoever may be reopened by an answer.
pub(super) async fn clock_is_right(
    ready: &Ready,
    zone: &TimeZone,
    reopened: Reopened,
    (wanted, asked): (bool, bool),
) -> Result<(), Failure> {
    let Some((doubt, may_pass)) = of_clock(ready, zone).await? else { return Ok(()) };
    if may_pass || wanted || ready.plan(reopened).await.map_err(refusal::told)?.to_send == 0 {
        print::note(&doubt);
        return Ok(());
    }
    question::allowed(
        &doubt,
        ("Is the clock right now?", Passes::With("--despite-clock")),
        asked,
        "set the clock of this computer (`date` shows it), and send again. If it is right now, add \
         --despite-clock: once a send has begun, it is not asked about again",
    )
}

/// Compares the clock with the ledger's last entry; `day` is that of the issue.
fn judged(now: Timestamp, last: Timestamp, day: Option<Date>, zone: &TimeZone) -> ClockDoubt {
    let since = now.duration_since(last);
    if since < -DAY {
        return ClockDoubt::Behind;
    }
    if since < -SAME {
        return ClockDoubt::Slight;
    }
    let noon = day.and_then(|day| day.at(12, 0, 0, 0).to_zoned_datetime(zone.clone()).ok());
    let is_near = noon.is_some_and(|noon| now.duration_since(noon.timestamp()).abs() < NEAR);
    if since > LONG && !is_near { ClockDoubt::Ahead } else { ClockDoubt::None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_doubted_where_it_contradicts_the_ledger_and_not_after_a_pause() {
        use ClockDoubt::{Ahead, Behind, None, Slight};
        for (now, last, day, expected) in [
            ("2025-11-27T12:00:00Z", "2025-11-27T11:00:00Z", "2025-11-27", None),
            ("2025-11-27T12:00:00Z", "2025-11-27T12:01:30Z", "2025-11-27", None),
            ("2025-11-27T12:00:00Z", "2025-11-27T12:03:00Z", "2025-11-27", Slight),
            ("2025-11-27T12:00:00Z", "2025-11-28T11:00:00Z", "2025-11-27", Slight),
            ("2025-11-27T12:00:00Z", "2025-11-28T13:00:00Z", "2025-11-27", Behind),
            ("1970-01-01T00:01:00Z", "2025-11-28T13:00:00Z", "2025-11-27", Behind),
            // An issue is finished late, and a letter comes once a year.
            ("2025-11-27T12:00:00Z", "2025-01-02T11:00:00Z", "2025-01-02", None),
            ("2026-01-05T12:00:00Z", "2024-12-28T11:00:00Z", "2024-12-28", None),
            // A publication that begins again after years.
            ("2025-11-27T12:00:00Z", "2019-11-28T11:00:00Z", "2025-12-01", None),
            ("2031-11-27T12:00:00Z", "2025-11-28T11:00:00Z", "2025-12-01", Ahead),
        ] {
            let at = |text: &str| text.parse::<Timestamp>().unwrap();
            let found = judged(at(now), at(last), Some(day.parse().unwrap()), &TimeZone::UTC);
            assert_eq!(found, expected, "{now} {last} {day}");
        }
    }

    #[test]
    fn a_list_is_doubted_where_it_lacks_more_than_people_leave() {
        // How many wait, who of them is missing (never tried, tried, or there and left out), and how
        // many have the issue, and are in the list.
        for (waiting, [untried, tried, left], had, doubted) in [
            (0, [0, 0, 0], (0, 0), false),
            (4, [4, 0, 0], (0, 0), false),
            (5, [5, 0, 0], (0, 0), true),
            (10, [1, 0, 0], (0, 0), false),
            (300, [299, 0, 0], (0, 0), true),
            (300, [20, 0, 0], (0, 0), false),
            (300, [30, 0, 0], (0, 0), false),
            (300, [31, 0, 0], (0, 0), true),
            // A list that was cut off: where the relay was down, in the middle of a run, and where the
            // relay had put all others off.
            (1000, [450, 0, 0], (0, 0), true),
            (800, [450, 0, 0], (200, 200), true),
            (450, [450, 0, 0], (550, 550), true),
            (450, [0, 450, 0], (550, 550), true),
            (1000, [0, 450, 0], (0, 0), true),
            (20, [0, 9, 0], (980, 550), true),
            // The same while people leave.
            (100, [5, 5, 0], (900, 870), false),
            (1000, [0, 30, 0], (0, 0), false),
            // The mailboxes that are full were taken out.
            (9, [0, 9, 0], (291, 291), false),
            (9, [0, 9, 0], (291, 262), false),
            (9, [0, 9, 0], (291, 261), true),
            (9, [0, 9, 0], (291, 0), true),
            (9, [0, 9, 0], (51, 51), false),
            (60, [0, 60, 0], (40, 40), true),
            // The editors are in every list.
            (29, [29, 0, 0], (1, 1), true),
            (297, [0, 297, 0], (3, 3), true),
            // The list has them and says no, or `--except` does.
            (60, [0, 0, 30], (40, 40), false),
            (60, [0, 0, 60], (40, 40), false),
            (60, [0, 0, 60], (4, 4), true),
            // Of ten who have it one has left.
            (5, [0, 5, 0], (30, 28), false),
            (5, [0, 5, 0], (30, 26), true),
        ] {
            let (leaving, missing) = (untried + tried + left, (untried, tried));
            let plan = Plan { leaving, waiting, missing, had, ..Plan::default() };
            let found = of_list(&plan, "2025-11", Path::new("a.csv"));
            assert_eq!(
                found.is_some(),
                doubted,
                "{untried}, {tried}, {left} of {waiting}, {had:?}"
            );
        }
    }
}
