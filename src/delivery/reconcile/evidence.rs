//! What a relay's log says of each message, in the same words for all kinds of servers.
//!
//! Only what a server writes when it takes a message counts as taken. Must never read a line: the
//! file of each kind does, and says here what it found.

use crate::delivery::id::RowId;
use std::collections::HashMap;

use jiff::Timestamp;

use super::Open;
use super::stamp::{LogClock, Stamp};

/// Characters of a line that are shown and kept in the ledger.
const QUOTE_CHARS: usize = 300;
/// Queue ids that one message may have: a filter that hands it back makes two or three.
const QUEUE_IDS_PER_ROW: usize = 16;

/// A line of a log, to be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// The file as it was named.
    pub file: String,
    /// The line's number from 1.
    pub number: u64,
    /// Its front, without control characters.
    pub text: String,
}

/// What became of a message behind the relay (RFC 3464 2.3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportedAction {
    /// The next server or the mailbox has it.
    Delivered,
    /// The relay goes on trying.
    Delayed,
    /// The relay gave up.
    Failed,
}

/// What the log says of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// The relay began to read it, and nothing shows that it took it.
    Begun(Quote),
    /// The relay refused it or threw it away.
    Rejected(Quote),
    /// A rule of the relay set it aside: it may have it and deliver it one day.
    OnHold(Quote),
    /// The relay took it.
    Taken {
        /// The line that shows it.
        by: Quote,
        /// What the log says afterwards.
        later: Option<(ReportedAction, Quote)>,
    },
}

impl Evidence {
    /// What is known of one attempt is not weakened by another.
    fn strength(&self) -> u8 {
        match self {
            Evidence::Begun(_) => 0,
            Evidence::Rejected(_) => 1,
            Evidence::OnHold(_) => 2,
            Evidence::Taken { .. } => 3,
        }
    }
}

/// The line that is being read.
pub(super) struct Here<'a> {
    pub(super) file: &'a str,
    pub(super) number: u64,
    /// The line as it stands in the file.
    pub(super) text: &'a str,
    pub(super) stamp: Option<Stamp<'a>>,
    pub(super) clock: &'a LogClock,
}

impl Here<'_> {
    fn quote(&self) -> Quote {
        let shown = |c: char| if c.is_control() { '?' } else { c };
        let mut text: String = self.text.trim_end().chars().map(shown).take(QUOTE_CHARS).collect();
        if self.text.trim_end().chars().count() > QUOTE_CHARS {
            text.push('…');
        }
        Quote { file: self.file.to_owned(), number: self.number, text }
    }

    /// When the line was written.
    pub(super) fn moment(&self) -> Option<Timestamp> {
        self.stamp.and_then(|stamp| stamp.moment(self.clock))
    }
}

/// The rows that are asked about, and what has been found of them.
pub(super) struct Findings<'a> {
    rows: HashMap<&'a str, RowId>,
    of: HashMap<RowId, Evidence>,
    /// Messages of anybody that the logs show as taken: a log of errors alone has none.
    pub(super) messages: u64,
}

impl<'a> Findings<'a> {
    pub(super) fn new(open: &'a [Open]) -> Findings<'a> {
        let known = open.iter().filter(|open| !open.message_id.is_empty());
        let rows = known.map(|open| (open.message_id.as_str(), open.row)).collect();
        Findings { rows, of: HashMap::new(), messages: 0 }
    }

    /// The row of a Message-ID, given without angle brackets.
    pub(super) fn row(&self, message_id: &str) -> Option<RowId> {
        self.rows.get(message_id).copied()
    }

    /// The row of a Message-ID, given as a header field has it.
    pub(super) fn row_in_brackets(&self, text: &str) -> Option<RowId> {
        self.row(text.strip_prefix('<')?.strip_suffix('>')?)
    }

    /// How many queue ids may be followed at once.
    pub(super) fn most_queue_ids(&self) -> usize {
        self.rows.len() * QUEUE_IDS_PER_ROW
    }

    pub(super) fn begun(&mut self, row: RowId, here: &Here<'_>) {
        self.add(row, Evidence::Begun(here.quote()));
    }

    pub(super) fn rejected(&mut self, row: RowId, here: &Here<'_>) {
        self.add(row, Evidence::Rejected(here.quote()));
    }

    pub(super) fn on_hold(&mut self, row: RowId, here: &Here<'_>) {
        self.add(row, Evidence::OnHold(here.quote()));
    }

    pub(super) fn taken(&mut self, row: RowId, here: &Here<'_>) {
        self.add(row, Evidence::Taken { by: here.quote(), later: None });
    }

    /// What became of a message that was taken. A failure stays: it is the relay's last word for
    /// that address.
    pub(super) fn reported(&mut self, row: RowId, action: ReportedAction, here: &Here<'_>) {
        if let Some(Evidence::Taken { later, .. }) = self.of.get_mut(&row) {
            let failed = matches!(later, Some((ReportedAction::Failed, _)));
            if !failed || action == ReportedAction::Failed {
                *later = Some((action, here.quote()));
            }
        }
    }

    fn add(&mut self, row: RowId, evidence: Evidence) {
        let stronger = self.of.get(&row).is_none_or(|old| old.strength() < evidence.strength());
        if stronger {
            self.of.insert(row, evidence);
        }
    }

    pub(super) fn finish(self) -> HashMap<RowId, Evidence> {
        self.of
    }
}
