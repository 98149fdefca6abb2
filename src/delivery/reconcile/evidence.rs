//! What a relay's log says of each message, in the same words for all kinds of servers.
//!
//! Only what a server writes when it takes a message counts as taken. Must never read a line: the
//! file of each kind does, and says here what it found.

use std::collections::HashMap;

use jiff::Timestamp;

use super::envelope::{LoggedRecipient, LoggedSender};
use super::ruling::TOLERANCE;
use super::stamp::{LogClock, Stamp};
use super::{Undecided, UndecidedRow};
use crate::delivery::id::RowId;
use crate::diagnostic::visible::visible;

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
    /// Its front, without control characters and what else hides text.
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
    /// A line that is older than the first run of the issue, and its time.
    Older(Quote, Timestamp),
    /// The relay began to read it, and nothing shows that it took it.
    Begun(Quote),
    /// The relay refused it or threw it away.
    Rejected(Quote),
    /// The relay took a message with this Message-ID from somebody else, or for somebody else.
    Elsewhere(Misfit, Quote),
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
            Evidence::Older(..) => 0,
            Evidence::Begun(_) => 1,
            Evidence::Rejected(_) => 2,
            Evidence::Elsewhere(..) => 3,
            Evidence::OnHold(_) => 4,
            Evidence::Taken { .. } => 5,
        }
    }
}

/// What of the envelope is another one than ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// The reverse-path.
    Sender,
    /// The recipient.
    Recipient,
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
        let text: String = self.text.trim_end().chars().map(shown).take(QUOTE_CHARS).collect();
        let mut text = visible(&text).into_owned();
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

/// What is read of one message under one queue id.
#[derive(Debug, Default)]
struct LoggedMessage {
    evidence: Option<Evidence>,
    sender: LoggedSender,
    /// A line names the row's recipient.
    named: bool,
    /// The first line that names another sender.
    other_sender: Option<Quote>,
    /// The first line that names another recipient, whom the relay was given.
    other_recipient: Option<Quote>,
    /// The first line that names another recipient, whom an alias may have made.
    rewritten: Option<Quote>,
}

/// Which message of which row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LoggedMessageId {
    /// Its place among the rows that are asked about.
    open: usize,
    at: usize,
}

impl LoggedMessage {
    /// What it shows, now that all of it is read.
    fn conclude(self) -> Option<Evidence> {
        let evidence = self.evidence?;
        if !matches!(evidence, Evidence::Taken { .. }) {
            return Some(evidence);
        }
        if let (LoggedSender::Other, Some(quote)) = (self.sender, self.other_sender) {
            return Some(Evidence::Elsewhere(Misfit::Sender, quote));
        }
        // An alias gives a message another recipient. Where the log does not tell from whom it
        // came, that is one guess too many.
        let unsure = self.rewritten.filter(|_| self.sender == LoggedSender::Unsaid);
        match self.other_recipient.or(unsure) {
            Some(quote) if !self.named => Some(Evidence::Elsewhere(Misfit::Recipient, quote)),
            _ => Some(evidence),
        }
    }
}

/// The rows that are asked about, and what has been found of them.
pub(super) struct Findings<'a> {
    undecided: &'a Undecided,
    /// Places among the rows, by Message-ID.
    places: HashMap<&'a str, usize>,
    logged_messages: HashMap<usize, Vec<LoggedMessage>>,
    /// Lines that are older than the issue.
    older: HashMap<usize, (Quote, Timestamp)>,
    /// Messages of anybody that the logs show as taken: a log of errors alone has none.
    pub(super) messages: u64,
}

impl<'a> Findings<'a> {
    pub(super) fn new(undecided: &'a Undecided) -> Findings<'a> {
        let ids = undecided.rows.iter().map(|open| open.message_id.as_str()).enumerate();
        let places = ids.filter(|(_, id)| !id.is_empty()).map(|(open, id)| (id, open)).collect();
        let (logged_messages, older) = (HashMap::new(), HashMap::new());
        Findings { undecided, places, logged_messages, older, messages: 0 }
    }

    /// A message with this Message-ID, given without angle brackets, begins on this line; nothing
    /// where nobody asks about it, or where the line is too old to be of this issue. A Message-ID
    /// can be worked out before: an earlier rehearsal had it, and so may a forger.
    pub(super) fn begin(&mut self, message_id: &str, here: &Here<'_>) -> Option<LoggedMessageId> {
        let open = *self.places.get(message_id)?;
        let old =
            |at: &Timestamp| self.undecided.began.is_some_and(|began| began > *at + TOLERANCE);
        if let Some(at) = here.moment().filter(old) {
            self.older.entry(open).or_insert_with(|| (here.quote(), at));
            return None;
        }
        let all = self.logged_messages.entry(open).or_default();
        if all.len() >= QUEUE_IDS_PER_ROW {
            return None;
        }
        all.push(LoggedMessage::default());
        Some(LoggedMessageId { open, at: all.len() - 1 })
    }

    /// The same for a Message-ID as a header field has it.
    pub(super) fn begin_in_brackets(
        &mut self,
        text: &str,
        here: &Here<'_>,
    ) -> Option<LoggedMessageId> {
        self.begin(text.strip_prefix('<')?.strip_suffix('>')?, here)
    }

    /// All messages of the row whose Message-ID this is, with its brackets.
    pub(super) fn all_in_brackets(&self, text: &str) -> Vec<LoggedMessageId> {
        let bare = text.strip_prefix('<').and_then(|text| text.strip_suffix('>'));
        let Some(&open) = bare.and_then(|id| self.places.get(id)) else { return Vec::new() };
        let count = self.logged_messages.get(&open).map_or(0, Vec::len);
        (0..count).map(|at| LoggedMessageId { open, at }).collect()
    }

    /// The recipient of a message's row.
    pub(super) fn recipient(&self, id: LoggedMessageId) -> &'a str {
        self.undecided.rows.get(id.open).map_or("", |open| open.email.as_str())
    }

    /// How many queue ids may be followed at once.
    pub(super) fn most_queue_ids(&self) -> usize {
        self.places.len() * QUEUE_IDS_PER_ROW
    }

    pub(super) fn begun(&mut self, id: LoggedMessageId, here: &Here<'_>) {
        self.add(id, Evidence::Begun(here.quote()));
    }

    pub(super) fn rejected(&mut self, id: LoggedMessageId, here: &Here<'_>) {
        self.add(id, Evidence::Rejected(here.quote()));
    }

    pub(super) fn on_hold(&mut self, id: LoggedMessageId, here: &Here<'_>) {
        self.add(id, Evidence::OnHold(here.quote()));
    }

    pub(super) fn taken(&mut self, id: LoggedMessageId, here: &Here<'_>) {
        self.add(id, Evidence::Taken { by: here.quote(), later: None });
    }

    /// The line names the sender, without angle brackets.
    pub(super) fn sender(&mut self, id: LoggedMessageId, logged: &str, here: &Here<'_>) {
        let sender = self.undecided.senders.compare(logged);
        if let Some(logged) = self.logged(id) {
            logged.sender = sender;
            if sender == LoggedSender::Other {
                logged.other_sender.get_or_insert_with(|| here.quote());
            }
        }
    }

    /// The line names recipients.
    pub(super) fn recipients(
        &mut self,
        id: LoggedMessageId,
        named: LoggedRecipient,
        here: &Here<'_>,
    ) {
        let Some(logged) = self.logged(id) else { return };
        match named {
            LoggedRecipient::Unsaid => {}
            LoggedRecipient::Ours => logged.named = true,
            LoggedRecipient::Rewritten => {
                logged.rewritten.get_or_insert_with(|| here.quote());
            }
            LoggedRecipient::Other => {
                logged.other_recipient.get_or_insert_with(|| here.quote());
            }
        }
    }

    /// What became of a message that was taken, for the recipient that the line names. A failure
    /// stays: it is the relay's last word for that address. A line about the row's recipient counts
    /// for more than one about somebody else, such as an archive that gets a copy of everything.
    pub(super) fn reported(
        &mut self,
        id: LoggedMessageId,
        action: ReportedAction,
        named: LoggedRecipient,
        here: &Here<'_>,
    ) {
        let first = self.logged(id).is_some_and(|logged| !logged.named);
        self.recipients(id, named, here);
        let Some(logged) = self.logged(id) else { return };
        let Some(Evidence::Taken { later, .. }) = &mut logged.evidence else { return };
        let failed = matches!(later, Some((ReportedAction::Failed, _)));
        let last_word = !failed || action == ReportedAction::Failed;
        let counts = match named {
            LoggedRecipient::Ours => first || last_word,
            LoggedRecipient::Rewritten => first && last_word,
            LoggedRecipient::Unsaid => last_word,
            LoggedRecipient::Other => false,
        };
        if counts {
            *later = Some((action, here.quote()));
        }
    }

    fn logged(&mut self, id: LoggedMessageId) -> Option<&mut LoggedMessage> {
        self.logged_messages.get_mut(&id.open)?.get_mut(id.at)
    }

    fn add(&mut self, id: LoggedMessageId, evidence: Evidence) {
        let Some(logged) = self.logged(id) else { return };
        let old = logged.evidence.as_ref().map(Evidence::strength);
        if old.is_none_or(|old| old < evidence.strength()) {
            logged.evidence = Some(evidence);
        }
    }

    /// The strongest that is known of each row: one queue id takes nothing from another.
    pub(super) fn finish(self) -> HashMap<RowId, Evidence> {
        let mut of: HashMap<RowId, Evidence> = HashMap::new();
        let older =
            self.older.into_iter().map(|(open, (quote, at))| (open, Evidence::Older(quote, at)));
        let newer = self.logged_messages.into_iter().flat_map(|(open, logged_messages)| {
            logged_messages.into_iter().filter_map(move |logged| Some((open, logged.conclude()?)))
        });
        for (open, evidence) in older.chain(newer) {
            let Some(UndecidedRow { row, .. }) = self.undecided.rows.get(open) else { continue };
            let old = of.get(row).map(Evidence::strength);
            if old.is_none_or(|old| old < evidence.strength()) {
                of.insert(*row, evidence);
            }
        }
        of
    }
}
