//! How many messages something was reported of, by the dates of the reports: in whatever order they are
//! read, the same of them count together. Several reports of one message (that it is late, and then that
//! it has failed) are one.

use std::collections::BTreeMap;

use super::decision::BounceHistory;
use super::policy::BouncePolicy;
use super::reading::class_word;
use crate::bounce::reason::BounceClass;
use crate::delivery::id::RowId;
use crate::delivery::ledger::bounces::{self, CountedReport};
use crate::store::sql::{Connection, SqlError};

/// What counts together with a report of a person: others of its class. `remembered` are those that
/// stand in no table.
pub(super) async fn history(
    connection: &mut Connection,
    identity: &str,
    (class, report): (BounceClass, CountedReport),
    policy: &BouncePolicy,
    remembered: &[CountedReport],
) -> Result<BounceHistory, SqlError> {
    let mut history = BounceHistory::default();
    let within = i64::try_from(policy.soft.within.as_millis()).unwrap_or(i64::MAX);
    let (count, within) = match class {
        BounceClass::Hard => (&mut history.hard, i64::MAX),
        BounceClass::Soft => (&mut history.soft, within),
        BounceClass::Complaint => (&mut history.complaints, i64::MAX),
        BounceClass::Autoreply
        | BounceClass::Delivered
        | BounceClass::Unsubscribe
        | BounceClass::None => return Ok(history),
    };
    let mut reports = bounces::counted(connection, (identity, class_word(class))).await?;
    reports.extend(remembered);
    *count = others(&reports, report, within);
    Ok(history)
}

/// The most other messages of which reports lie with this one in a time of `within_ms`.
fn others(reports: &[CountedReport], report: CountedReport, within_ms: i64) -> u32 {
    let mut messages: BTreeMap<RowId, i64> = BTreeMap::new();
    let mut dates = Vec::new();
    for CountedReport { row, at_ms } in reports {
        match row {
            Some(row) => {
                let first = messages.entry(*row).or_insert(*at_ms);
                *first = (*first).min(*at_ms);
            }
            None => dates.push(*at_ms),
        }
    }
    let own = report.row.and_then(|row| messages.remove(&row));
    let at = own.map_or(report.at_ms, |first| first.min(report.at_ms));
    dates.extend(messages.values());
    dates.sort_unstable();
    let not_behind = |moment: i64| dates.partition_point(|date| *date <= moment);
    // A time that has the report ends with it, or with a later one.
    let ends =
        dates.iter().copied().filter(|date| *date > at && date.saturating_sub(at) < within_ms);
    let most = ends
        .chain([at])
        .map(|end| not_behind(end) - not_behind(end.saturating_sub(within_ms)))
        .max();
    most.and_then(|most| u32::try_from(most).ok()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(row: i64, at_ms: i64) -> CountedReport {
        CountedReport { row: (row > 0).then_some(RowId(row)), at_ms }
    }

    #[test]
    fn what_counts_together_does_not_hang_on_the_order_of_reading() {
        let days = [0, 9, 12, 29, 31, 70];
        for (report, within, expected) in [
            (0, 30, 3), // 0, 9, 12, 29: the 31st day is too late
            (9, 30, 3), // 9, 12, 29, 31
            (31, 30, 3),
            (70, 30, 0),
            (70, 1_000, 5),
            (0, i64::MAX, 5),
        ] {
            let others_of: Vec<CountedReport> =
                days.iter().filter(|day| **day != report).map(|day| of(day + 1, *day)).collect();
            let one = of(report + 1, report);
            assert_eq!(others(&others_of, one, within), expected, "{report}");
            let turned: Vec<CountedReport> = others_of.into_iter().rev().collect();
            assert_eq!(others(&turned, one, within), expected, "{report}");
        }
    }

    #[test]
    fn one_message_counts_once() {
        let late = of(7, 10);
        assert_eq!(others(&[late], of(7, 15), 30), 0, "that it failed is no other message");
        assert_eq!(others(&[late, of(7, 15), of(8, 12)], of(9, 20), 30), 2);
        assert_eq!(others(&[of(0, 1), of(0, 1)], of(0, 2), 30), 2, "of which mail nobody knows");
    }
}
