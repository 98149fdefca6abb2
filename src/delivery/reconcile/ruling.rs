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
    Older(Quote),
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
}

impl Doubt {
    /// The line that it rests on.
    pub fn quote(&self) -> Option<&Quote> {
        match self {
            Doubt::NotTaken(quote) | Doubt::Rejected(quote) | Doubt::OnHold(quote) => Some(quote),
            Doubt::Older(quote) | Doubt::Elsewhere(_, quote) => Some(quote),
            _ => None,
        }
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Doubt::NotInLog => f.write_str("its Message-ID is not in the log"),
            Doubt::Older(_) => f.write_str(
                "the log has its Message-ID only from before the first send of the issue: such a \
                 line is no evidence (if the relay's clock has another time zone: TZ=UTC digest \
                 reconcile …)",
            ),
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
        Some(Evidence::Older(quote)) => Doubt::Older(quote.clone()),
        None => Doubt::NotInLog,
    };
    let absent = matches!(doubt, Doubt::NotInLog | Doubt::Older(_));
    match (not_shown, outside(open, span)) {
        (_, Some(outside)) if absent => Ruling::Uncertain(outside),
        // What began before the log ends may have been taken behind its end.
        (NotShown::Resend, Some(_)) | (NotShown::Hold, _) => Ruling::Uncertain(doubt),
        (NotShown::Resend, None) => Ruling::Pending(doubt),
    }
}

/// Whether the log leaves out a part of the time in which the row was sent to.
fn outside(open: &UndecidedRow, span: Option<&LogSpan>) -> Option<Doubt> {
    let LogSpan { first, last } = *span?;
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
        let whole = LogSpan { first: moment("13:00"), last: moment("15:00") };
        let late = LogSpan { first: moment("14:10"), ..whole };
        let early = LogSpan { last: moment("14:00"), ..whole };
        let (run, row) = (moment("13:50"), moment("14:20"));
        let begins = Doubt::LogBeginsAfter { first: late.first, run };
        let ends = Doubt::LogEndsBefore { last: early.last, row };
        let taken = Evidence::Taken { by: quote(1), later: None };
        let accepted = Ruling::Accepted { by: quote(1), later: None };
        let (begun, rejected) = (Evidence::Begun(quote(2)), Evidence::Rejected(quote(3)));
        let (not_taken, refused) = (Doubt::NotTaken(quote(2)), Doubt::Rejected(quote(3)));
        let (on_hold, older) = (Evidence::OnHold(quote(4)), Evidence::Older(quote(5)));
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
            ("a@b", Some(&older), Some(&whole), Hold, Uncertain(Doubt::Older(quote(5)))),
            ("a@b", Some(&older), Some(&whole), Resend, Pending(Doubt::Older(quote(5)))),
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
