//! What the log's evidence means for an uncertain row: one pure function and its table.
//!
//! A row becomes `accepted` on the relay's word only. That the log does not show it is the word of
//! whoever says that the log is whole, and then only where its times do not contradict that.

use std::fmt;

use jiff::{SignedDuration, Timestamp};

use super::UndecidedRow;
use super::evidence::{Evidence, Misfit, Quote, ReportedAction};
use super::maillog::LogSpan;

/// A reply is waited for ten minutes, and two clocks differ.
pub(super) const TOLERANCE: SignedDuration = SignedDuration::from_mins(15);

/// What to do with those whom the log does not show as taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotShown {
    /// They stay uncertain.
    Hold,
    /// The log is whole, somebody says: they are sent to again.
    Resend,
}

/// What becomes of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ruling {
    /// The relay has taken its message.
    Accepted {
        /// The line that shows it.
        by: Quote,
        /// What the relay wrote of it afterwards.
        later: Option<(ReportedAction, Quote)>,
    },
    /// The next send gives it the issue.
    Pending(Doubt),
    /// It stays uncertain.
    Uncertain(Doubt),
}

/// Why the log does not settle a row as accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// Its Message-ID is not in the log.
    NotInLog,
    /// Its Message-ID is in the log, and only before the issue was sent.
    Older {
        /// The line.
        quote: Quote,
        /// How much later it would have to be for the time of the send, in whole half hours, where
        /// the zone of its clock was assumed.
        shift: Option<SignedDuration>,
    },
    /// The relay took a message with its Message-ID that had another envelope.
    Elsewhere(Misfit, Quote),
    /// The relay began to read the message, and the log does not show that it took it.
    NotTaken(Quote),
    /// The relay refused the message or threw it away.
    Rejected(Quote),
    /// The relay set the message aside and may deliver it one day.
    OnHold(Quote),
    /// The ledger has no Message-ID to look for.
    NoMessageId,
    /// The log begins after the run that sent.
    LogBeginsAfter {
        /// The log's first time.
        first: Timestamp,
        /// When the run began.
        run: Timestamp,
    },
    /// The log ends before the row became uncertain.
    LogEndsBefore {
        /// The log's last time.
        last: Timestamp,
        /// When it became uncertain.
        row: Timestamp,
    },
    /// A time of the log has not come yet: it was read in a zone that is not its own, so no time of it
    /// tells anything.
    LogAhead {
        /// That time.
        last: Timestamp,
    },
}

impl Doubt {
    /// Whether it rests on a time of the log, or on the span of its times.
    pub fn is_of_time(&self) -> bool {
        matches!(
            self,
            Doubt::NotInLog
                | Doubt::Older { .. }
                | Doubt::LogBeginsAfter { .. }
                | Doubt::LogEndsBefore { .. }
                | Doubt::LogAhead { .. }
        )
    }

    /// The line that it rests on.
    pub fn quote(&self) -> Option<&Quote> {
        match self {
            Doubt::NotTaken(quote) | Doubt::Rejected(quote) | Doubt::OnHold(quote) => Some(quote),
            Doubt::Older { quote, .. } | Doubt::Elsewhere(_, quote) => Some(quote),
            _ => None,
        }
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Doubt::NotInLog => f.write_str("its Message-ID is not in the log"),
            Doubt::Older { shift, .. } => {
                f.write_str(
                    "the log has its Message-ID only from before the first send of the issue: such \
                     a line is no evidence",
                )?;
                let Some(shift) = shift else { return Ok(()) };
                let hours = shift.as_secs_f64() / 3_600.0;
                write!(
                    f,
                    ", unless the relay's clock is {hours} h behind the zone that was assumed"
                )
            }
            Doubt::Elsewhere(Misfit::Sender, _) => f.write_str(
                "the relay took a message with its Message-ID from another sender: that is no \
                 evidence",
            ),
            Doubt::Elsewhere(Misfit::Recipient, _) => f.write_str(
                "the relay took a message with its Message-ID for another recipient: that is no \
                 evidence",
            ),
            Doubt::NotTaken(_) => f.write_str(
                "the relay began to read the message; the log does not show that it took it",
            ),
            Doubt::Rejected(_) => f.write_str("the relay refused the message or threw it away"),
            Doubt::OnHold(_) => {
                f.write_str("the relay put the message on hold and may still deliver it")
            }
            Doubt::NoMessageId => {
                f.write_str("the ledger has no Message-ID for it, so the log cannot tell")
            }
            Doubt::LogBeginsAfter { first, run } => write!(
                f,
                "the log begins at {first:.0}, after the send began ({run:.0}): give the older log \
                 file as well"
            ),
            Doubt::LogEndsBefore { last, row } => write!(
                f,
                "the log ends at {last:.0}, before this became uncertain ({row:.0}): give the newer \
                 log file as well"
            ),
            Doubt::LogAhead { last } => write!(
                f,
                "the log's last time would be {last:.0}, which has not come yet: the relay's clock is \
                 in another zone than the one that was assumed"
            ),
        }
    }
}

/// What becomes of an uncertain row.
pub fn rule(
    open: &UndecidedRow,
    evidence: Option<&Evidence>,
    span: Option<&LogSpan>,
    not_shown: NotShown,
) -> Ruling {
    let doubt = match evidence {
        Some(Evidence::Taken { by, later }) => {
            return Ruling::Accepted { by: by.clone(), later: later.clone() };
        }
        Some(Evidence::OnHold(quote)) => return Ruling::Uncertain(Doubt::OnHold(quote.clone())),
        // Who has that message nobody can tell from here, so nobody gets another one unasked.
        Some(Evidence::Elsewhere(misfit, quote)) => {
            return Ruling::Uncertain(Doubt::Elsewhere(*misfit, quote.clone()));
        }
        None if open.message_id.is_empty() => return Ruling::Uncertain(Doubt::NoMessageId),
        Some(Evidence::Rejected(quote)) => Doubt::Rejected(quote.clone()),
        Some(Evidence::Begun(quote)) => Doubt::NotTaken(quote.clone()),
        Some(Evidence::Older(quote, at)) => {
            let lacks_zone = span.is_some_and(|span| span.lacks_zone);
            let shift = if lacks_zone { shift(open, *at) } else { None };
            Doubt::Older { quote: quote.clone(), shift }
        }
        None => Doubt::NotInLog,
    };
    // Another zone would make it the row's own message: nobody gets another one for that.
    if matches!(doubt, Doubt::Older { shift: Some(_), .. }) {
        return Ruling::Uncertain(doubt);
    }
    let absent = matches!(doubt, Doubt::NotInLog | Doubt::Older { .. });
    match (not_shown, outside(open, span)) {
        (_, Some(outside)) if absent => Ruling::Uncertain(outside),
        // What began before the log ends may have been taken behind its end.
        (NotShown::Resend, Some(_)) | (NotShown::Hold, _) => Ruling::Uncertain(doubt),
        (NotShown::Resend, None) => Ruling::Pending(doubt),
    }
}

/// The zones of the world, from one end to the other, and the steps in which they differ.
const HALF_HOURS: i64 = 2 * 26;

/// By how many half hours a line is too early for the send of the row, where that is what another zone
/// of the relay's clock would make of it.
fn shift(open: &UndecidedRow, at: Timestamp) -> Option<SignedDuration> {
    let (begin, end) = (open.run_began? - TOLERANCE, open.at? + TOLERANCE);
    let shifts = (1..=HALF_HOURS).map(|half| SignedDuration::from_mins(30 * half));
    shifts.into_iter().find(|shift| (begin..=end).contains(&(at + *shift)))
}

/// Whether the log leaves out a part of the time in which the row was sent to.
fn outside(open: &UndecidedRow, span: Option<&LogSpan>) -> Option<Doubt> {
    let LogSpan { first, last, ahead, .. } = *span?;
    if let Some(last) = ahead {
        return Some(Doubt::LogAhead { last });
    }
    let late = |run: &Timestamp| first.duration_since(*run) > TOLERANCE;
    if let Some(run) = open.run_began.filter(late) {
        return Some(Doubt::LogBeginsAfter { first, run });
    }
    let early = |row: &Timestamp| row.duration_since(last) > TOLERANCE;
    open.at.filter(early).map(|row| Doubt::LogEndsBefore { last, row })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> Timestamp {
        format!("2025-11-06T{text}:00Z").parse().unwrap()
    }

    #[test]
    fn each_kind_of_evidence_has_its_ruling() {
        let quote = |number| Quote { file: "l".to_owned(), number, text: "x".to_owned() };
        let (first, last) = (moment("13:00"), moment("15:00"));
        let whole = LogSpan { first, last, lacks_zone: false, ahead: None };
        let ahead = LogSpan { lacks_zone: true, ahead: Some(moment("23:00")), ..whole };
        let not_come = Doubt::LogAhead { last: moment("23:00") };
        let late = LogSpan { first: moment("14:10"), ..whole };
        let early = LogSpan { last: moment("14:00"), ..whole };
        let (run, row) = (moment("13:50"), moment("14:20"));
        let begins = Doubt::LogBeginsAfter { first: late.first, run };
        let ends = Doubt::LogEndsBefore { last: early.last, row };
        let taken = Evidence::Taken { by: quote(1), later: None };
        let accepted = Ruling::Accepted { by: quote(1), later: None };
        let (begun, rejected) = (Evidence::Begun(quote(2)), Evidence::Rejected(quote(3)));
        let (not_taken, refused) = (Doubt::NotTaken(quote(2)), Doubt::Rejected(quote(3)));
        let (on_hold, older) =
            (Evidence::OnHold(quote(4)), Evidence::Older(quote(5), moment("06:00")));
        let older_doubt = |shift| Doubt::Older { quote: quote(5), shift };
        let assumed = LogSpan { lacks_zone: true, ..whole };
        let hours = SignedDuration::from_hours(8);
        let elsewhere = Evidence::Elsewhere(Misfit::Sender, quote(6));
        let other = Doubt::Elsewhere(Misfit::Sender, quote(6));
        use NotShown::{Hold, Resend};
        use Ruling::{Pending, Uncertain};
        for (id, evidence, span, not_shown, expected) in [
            ("a@b", Some(&taken), Some(&whole), Hold, accepted.clone()),
            ("a@b", Some(&taken), Some(&early), Resend, accepted.clone()),
            ("a@b", Some(&taken), None, Hold, accepted),
            ("a@b", Some(&begun), Some(&whole), Hold, Uncertain(not_taken.clone())),
            ("a@b", Some(&begun), Some(&whole), Resend, Pending(not_taken.clone())),
            ("a@b", Some(&begun), Some(&early), Resend, Uncertain(not_taken)),
            ("a@b", Some(&rejected), Some(&whole), Hold, Uncertain(refused.clone())),
            ("a@b", Some(&rejected), Some(&whole), Resend, Pending(refused)),
            ("a@b", Some(&on_hold), Some(&whole), Hold, Uncertain(Doubt::OnHold(quote(4)))),
            ("a@b", Some(&on_hold), Some(&whole), Resend, Uncertain(Doubt::OnHold(quote(4)))),
            ("a@b", Some(&older), Some(&whole), Hold, Uncertain(older_doubt(None))),
            ("a@b", Some(&older), Some(&whole), Resend, Pending(older_doubt(None))),
            ("a@b", Some(&older), Some(&assumed), Hold, Uncertain(older_doubt(Some(hours)))),
            ("a@b", Some(&older), Some(&assumed), Resend, Uncertain(older_doubt(Some(hours)))),
            ("a@b", Some(&older), Some(&early), Resend, Uncertain(ends.clone())),
            ("a@b", Some(&elsewhere), Some(&whole), Hold, Uncertain(other.clone())),
            ("a@b", Some(&elsewhere), Some(&whole), Resend, Uncertain(other)),
            ("a@b", None, Some(&whole), Hold, Uncertain(Doubt::NotInLog)),
            ("a@b", None, Some(&whole), Resend, Pending(Doubt::NotInLog)),
            ("a@b", None, None, Resend, Pending(Doubt::NotInLog)),
            ("a@b", None, Some(&late), Hold, Uncertain(begins.clone())),
            ("a@b", None, Some(&late), Resend, Uncertain(begins)),
            ("a@b", None, Some(&early), Hold, Uncertain(ends.clone())),
            ("a@b", None, Some(&early), Resend, Uncertain(ends)),
            ("a@b", None, Some(&ahead), Hold, Uncertain(not_come.clone())),
            ("a@b", None, Some(&ahead), Resend, Uncertain(not_come)),
            ("", None, Some(&whole), Resend, Uncertain(Doubt::NoMessageId)),
        ] {
            let open = UndecidedRow {
                row: crate::delivery::id::RowId(1),
                email: "kim@a.example".to_owned(),
                message_id: id.to_owned(),
                run_began: Some(run),
                at: Some(row),
            };
            assert_eq!(rule(&open, evidence, span, not_shown), expected, "{evidence:?} {span:?}");
        }
    }
}
