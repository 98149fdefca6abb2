//! What a mail system says -> why a message did not arrive, and whether the address itself is bad.
//!
//! The words of a reply decide more than its code: servers answer 5.1.1 for a full mailbox and 5.7.1
//! for a user who is unknown. What they say is a table, `phrases.tsv`; the order of `ORDER` decides
//! between two phrases in one text. Must never call an address bad for what was said of the sender.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Serialize;

use super::addresses;
use super::code::{EnhancedStatus, ReplyCode};

/// What a report means for a recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BounceClass {
    /// The address itself is bad: there is no such mailbox or domain.
    Hard,
    /// Any other failure or delay: a full mailbox, a policy, a content that is refused.
    Soft,
    /// The recipient, or their provider for them, calls the message spam.
    Complaint,
    /// Somebody's program has answered: out of office, or a question whether a person wrote.
    Autoreply,
    /// It has arrived.
    Delivered,
    /// Somebody asks to leave the list.
    Unsubscribe,
    /// No report, or none that says anything.
    None,
}

/// Why a message did not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BounceReason {
    /// There is room for no more mail.
    MailboxFull,
    /// The message is larger than what is taken.
    MessageSize,
    /// It is said to carry a virus.
    Virus,
    /// SPF, DKIM or DMARC did not pass.
    Authentication,
    /// The server does not deliver for this domain, or not for us.
    Relaying,
    /// The sending host has no name, or the wrong one.
    ReverseDns,
    /// It is taken for spam.
    Spam,
    /// The sending host or network is not wanted.
    Blocked,
    /// Too much in too short a time.
    Rate,
    /// Asked to come back later.
    Greylisted,
    /// The sender's address is not wanted, or may not write there.
    Sender,
    /// The mailbox is closed for now.
    Suspended,
    /// It went in a circle.
    Loop,
    /// The mailbox is closed for good.
    Closed,
    /// The person has another address.
    Moved,
    /// The domain takes no mail.
    TakesNoMail,
    /// There is no such domain.
    NoDomain,
    /// There is no such mailbox.
    NoMailbox,
    /// A rule of the receiver's.
    Policy,
    /// The servers did not understand each other.
    Syntax,
    /// It was tried for too long, or is still tried.
    Expired,
    /// The receiver's server could not be reached.
    Network,
    /// Something is wrong with a server.
    System,
    /// Nothing is said that is known.
    Unknown,
}

use BounceReason as Why;

/// Which reason wins where a text gives several. What is said of the sender, the message or a full
/// mailbox comes before what is said of the address.
const ORDER: [Why; 23] = [
    Why::MailboxFull,
    Why::MessageSize,
    Why::Virus,
    Why::Authentication,
    Why::Relaying,
    Why::ReverseDns,
    Why::Spam,
    Why::Blocked,
    Why::Rate,
    Why::Greylisted,
    Why::Sender,
    Why::Moved,
    Why::Closed,
    Why::Suspended,
    Why::Loop,
    Why::TakesNoMail,
    Why::NoDomain,
    Why::NoMailbox,
    Why::Policy,
    Why::Syntax,
    Why::Expired,
    Why::Network,
    Why::System,
];

impl Why {
    /// As `phrases.tsv` and `--json` name it.
    pub fn name(self) -> &'static str {
        match self {
            Why::MailboxFull => "mailbox-full",
            Why::MessageSize => "message-size",
            Why::Virus => "virus",
            Why::Authentication => "authentication",
            Why::Relaying => "relaying",
            Why::ReverseDns => "reverse-dns",
            Why::Spam => "spam",
            Why::Blocked => "blocked",
            Why::Rate => "rate",
            Why::Greylisted => "greylisted",
            Why::Sender => "sender",
            Why::Suspended => "suspended",
            Why::Loop => "loop",
            Why::Closed => "closed",
            Why::Moved => "moved",
            Why::TakesNoMail => "takes-no-mail",
            Why::NoDomain => "no-domain",
            Why::NoMailbox => "no-mailbox",
            Why::Policy => "policy",
            Why::Syntax => "syntax",
            Why::Expired => "expired",
            Why::Network => "network",
            Why::System => "system",
            Why::Unknown => "unknown",
        }
    }

    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            Why::MailboxFull => "the mailbox is full",
            Why::MessageSize => "the message is too large",
            Why::Virus => "the message is said to carry a virus",
            Why::Authentication => "SPF, DKIM or DMARC did not pass",
            Why::Relaying => "the server does not take mail for this domain from us",
            Why::ReverseDns => "the sending host has no name that fits its address",
            Why::Spam => "the message is taken for spam",
            Why::Blocked => "the sending host is blocked",
            Why::Rate => "too many messages in too short a time",
            Why::Greylisted => "the server asks to try again later",
            Why::Sender => "the sender's address is not accepted",
            Why::Suspended => "the mailbox is closed for now",
            Why::Loop => "the message went in a circle",
            Why::Closed => "the mailbox is closed for good",
            Why::Moved => "the person has another address now",
            Why::TakesNoMail => "the domain takes no mail",
            Why::NoDomain => "there is no such domain",
            Why::NoMailbox => "there is no such mailbox",
            Why::Policy => "a rule of the receiver forbids it",
            Why::Syntax => "the servers did not understand each other",
            Why::Expired => "it could not be delivered in time",
            Why::Network => "the receiver's server could not be reached",
            Why::System => "the receiver's server has a problem",
            Why::Unknown => "no reason is given that is known",
        }
    }

    /// Whether the address itself is bad.
    pub fn is_hard(self) -> bool {
        matches!(self, Why::Closed | Why::Moved | Why::TakesNoMail | Why::NoDomain | Why::NoMailbox)
    }
}

/// Where in a session a reply came, as far as a report tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ReplyStage {
    /// It is not said.
    Unsaid,
    /// Before any recipient was named: it is about the sender.
    BeforeRcpt,
    /// At the recipient.
    Rcpt,
    /// At the recipient, as it seems: the server missed one when the text came. Replies to commands that
    /// were sent together are shown behind the last of them.
    NoRecipient,
    /// Behind the recipient, who had been accepted: it is about the message.
    Data,
}

/// What a report says of one recipient, as far as the decision goes.
pub(super) struct ReportedFacts<'a> {
    /// What the server said.
    pub(super) reply: &'a str,
    /// What the report says about it in its own words.
    pub(super) notice: &'a str,
    /// What it says for people before it quotes anybody.
    pub(super) own: &'a str,
    pub(super) status: Option<EnhancedStatus>,
    pub(super) code: Option<ReplyCode>,
    /// Asked only where it matters.
    pub(super) stage: &'a dyn Fn() -> ReplyStage,
    /// It is still tried.
    pub(super) delayed: bool,
}

/// Class and reason.
pub(super) fn decide(evidence: &ReportedFacts) -> (BounceClass, Why) {
    let status = evidence.status.map_or(Why::Unknown, EnhancedStatus::reason);
    let code = evidence.code.map_or(Why::Unknown, ReplyCode::reason);
    let known = |reason: Why| (reason != Why::Unknown).then_some(reason);
    let reason = known(spoken(evidence.reply))
        .or(known(status))
        .or(known(code))
        .unwrap_or_else(|| spoken(evidence.notice));
    let reason = match reason {
        // A mailbox that is not active, and that is not there for the code, has gone.
        Why::Suspended if status == Why::NoMailbox => Why::NoMailbox,
        reason => reason,
    };
    let is_transient = evidence.delayed
        || evidence.status.is_some_and(EnhancedStatus::is_transient)
        || evidence.code.is_some_and(ReplyCode::is_transient);
    let is_hard = reason.is_hard() && !is_transient && is_about_address(evidence, reason);
    (if is_hard { BounceClass::Hard } else { BounceClass::Soft }, reason)
}

/// Class and reason of what a relay answered to us, by its words and both of its codes. At which
/// command is not kept, so that an unknown user needs a code 5.1.x.
pub fn of_reply(text: &str, status: Option<&str>, code: Option<i64>) -> (BounceClass, Why) {
    decide(&ReportedFacts {
        reply: text,
        notice: "",
        own: "",
        status: status.and_then(super::code::enhanced_status),
        code: code.and_then(|code| u16::try_from(code).ok()).map(ReplyCode),
        stage: &|| ReplyStage::Unsaid,
        delayed: false,
    })
}

/// Whether what is said of an address may be believed. Filters, too, answer that a user is unknown:
/// behind the text, or with a code that speaks of a rule, of a mailbox that is there, or of nothing.
fn is_about_address(evidence: &ReportedFacts, reason: Why) -> bool {
    let stage = (evidence.stage)();
    match stage {
        ReplyStage::BeforeRcpt => return false,
        ReplyStage::Rcpt => return true,
        ReplyStage::NoRecipient | ReplyStage::Data | ReplyStage::Unsaid => {}
    }
    let is_unknown = reason == Why::NoMailbox;
    match evidence.status.filter(|status| !status.is_general()) {
        Some(EnhancedStatus(_, 1, _)) => true,
        Some(EnhancedStatus(_, 7, _)) => false,
        Some(EnhancedStatus(_, 2, _)) => !is_unknown,
        _ if !is_unknown || stage == ReplyStage::NoRecipient => true,
        Some(_) => stage == ReplyStage::Unsaid,
        // A system that speaks for itself is no filter; a server that it quotes may be one. Who knows
        // no more than that it failed (5.0.0) quotes somebody.
        None => {
            let speaks_for_itself = evidence.code.is_none()
                && evidence.status.is_none_or(|EnhancedStatus(_, subject, _)| subject != 0);
            let says_so_too = || evidence.code.is_some() && spoken(evidence.own) == Why::NoMailbox;
            stage == ReplyStage::Unsaid && (speaks_for_itself || says_so_too())
        }
    }
}

/// The reason that words give.
pub(super) fn spoken(text: &str) -> Why {
    PHRASES.first_in(&plain(text))
}

/// Whether words are of those that tell of a failure or a delay.
pub(super) fn says_something(text: &str) -> bool {
    spoken(text) != Why::Unknown
}

/// Bytes of a text that are looked at.
const MOST_TEXT: usize = 4 * 1024;

/// `text` in small letters, without addresses, web links and line ends: "mailboxfull@a.example" is
/// the name of somebody.
pub(super) fn plain(text: &str) -> String {
    let text = super::fields::cut(text, MOST_TEXT);
    let mut plain = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        let is_link = word.contains("://") || word.starts_with("www.");
        if is_link {
            continue;
        }
        if !plain.is_empty() {
            plain.push(' ');
        }
        let mut rest = word;
        if word.contains('@') {
            let found = addresses::in_line(word);
            let (Some(first), Some(last)) = (found.first(), found.last()) else {
                push_lower(&mut plain, word);
                continue;
            };
            push_lower(&mut plain, word[..first.start].trim_end_matches(['<', '"', '\'', '(']));
            rest = word[last.end..].trim_start_matches(['>', '"', '\'', ')', '.', ',', ':', ';']);
        }
        push_lower(&mut plain, rest);
        if plain.ends_with(' ') {
            plain.pop();
        }
    }
    plain
}

fn push_lower(plain: &mut String, word: &str) {
    for c in word.chars() {
        match c {
            '_' => plain.push(' '),
            '\u{2019}' => plain.push('\''),
            '\u{a0}' => plain.push(' '),
            c => plain.extend(c.to_lowercase()),
        }
    }
}

/// Characters that a star of a phrase stands for.
const MOST_GAP: usize = 40;

/// A phrase as pieces with gaps between them.
struct ReasonPhrase {
    rank: usize,
    pieces: Vec<&'static str>,
}

/// All phrases, by the bytes that they begin with.
struct PhraseTable {
    phrases: Vec<ReasonPhrase>,
    by_start: HashMap<[u8; 3], Vec<usize>>,
}

static PHRASES: LazyLock<PhraseTable> =
    LazyLock::new(|| PhraseTable::read(include_str!("phrases.tsv")));

impl PhraseTable {
    fn read(table: &'static str) -> PhraseTable {
        let mut phrases = Vec::new();
        let mut by_start: HashMap<[u8; 3], Vec<usize>> = HashMap::new();
        for line in table.lines() {
            let Some((name, phrase)) = line.split_once('\t') else { continue };
            let Some(rank) = ORDER.iter().position(|reason| reason.name() == name) else {
                continue;
            };
            let pieces: Vec<&str> = phrase.split('*').map(str::trim).collect();
            let Some(start) = pieces[0].as_bytes().first_chunk() else { continue };
            by_start.entry(*start).or_default().push(phrases.len());
            phrases.push(ReasonPhrase { rank, pieces });
        }
        PhraseTable { phrases, by_start }
    }

    /// The first reason in [`ORDER`] that has a phrase in `plain`. A phrase within a longer one does
    /// not count.
    fn first_in(&self, plain: &str) -> Why {
        let mut found = self.all_in(plain.as_bytes());
        found.sort_by_key(|one| (one.start, std::cmp::Reverse(one.end)));
        let mut covered = 0;
        let mut best = ORDER.len();
        for one in found {
            if one.end > covered {
                best = best.min(one.rank);
            }
            if one.is_whole {
                covered = covered.max(one.end);
            }
        }
        ORDER.get(best).copied().unwrap_or(Why::Unknown)
    }

    fn all_in(&self, bytes: &[u8]) -> Vec<FoundPhrase> {
        let mut found = Vec::new();
        for at in 0..bytes.len() {
            // A word is found at its beginning: "unspf" has no "spf".
            if at > 0 && bytes[at].is_ascii_alphanumeric() && bytes[at - 1].is_ascii_alphanumeric()
            {
                continue;
            }
            let Some(start) = bytes[at..].first_chunk::<3>() else { break };
            let Some(listed) = self.by_start.get(start) else { continue };
            for phrase in listed.iter().map(|index| &self.phrases[*index]) {
                if let Some(end) = phrase.end(bytes, at) {
                    let is_whole = phrase.pieces.len() == 1;
                    found.push(FoundPhrase { start: at, end, rank: phrase.rank, is_whole });
                }
            }
        }
        found
    }
}

/// Where a phrase stands.
struct FoundPhrase {
    start: usize,
    end: usize,
    rank: usize,
    /// It has no gap.
    is_whole: bool,
}

impl ReasonPhrase {
    /// The end of the phrase, if it begins at `at`.
    fn end(&self, text: &[u8], at: usize) -> Option<usize> {
        let (first, rest) = self.pieces.split_first()?;
        if !text[at..].starts_with(first.as_bytes()) {
            return None;
        }
        rest.iter().try_fold(at + first.len(), |end, piece| {
            let reach = text.len().min(end + MOST_GAP + piece.len());
            let found = memchr::memmem::find(&text[end..reach], piece.as_bytes())?;
            Some(end + found + piece.len())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bounce::code::{enhanced_status, reply_code};

    fn decided(reply: &str, stage: ReplyStage, delayed: bool) -> (BounceClass, Why) {
        decided_beside("", reply, stage, delayed)
    }

    fn decided_beside(
        own: &str,
        reply: &str,
        stage: ReplyStage,
        delayed: bool,
    ) -> (BounceClass, Why) {
        decide(&ReportedFacts {
            reply,
            notice: "",
            own,
            status: enhanced_status(reply),
            code: reply_code(reply),
            stage: &|| stage,
            delayed,
        })
    }

    #[test]
    fn the_words_the_codes_and_the_stage_decide_together() {
        use ReplyStage::{BeforeRcpt, Data, NoRecipient, Rcpt, Unsaid};
        for (reply, stage, hard, reason) in [
            ("550 5.1.1 <kim@a.example>: user unknown", Rcpt, true, Why::NoMailbox),
            ("550 5.1.1 no such user", Unsaid, true, Why::NoMailbox),
            ("550 5.1.1 no such user", Data, true, Why::NoMailbox),
            ("550 5.1.1 no such user", BeforeRcpt, false, Why::NoMailbox),
            ("550 user unknown", Rcpt, true, Why::NoMailbox),
            ("550 user unknown", Unsaid, false, Why::NoMailbox),
            ("550 user unknown", Data, false, Why::NoMailbox),
            ("550 5.7.1 user unknown", Unsaid, false, Why::NoMailbox),
            ("550 5.2.1 user unknown", Rcpt, true, Why::NoMailbox),
            ("550 5.2.1 user unknown", Unsaid, false, Why::NoMailbox),
            ("550 5.2.1 user unknown", NoRecipient, false, Why::NoMailbox),
            ("550 user unknown", NoRecipient, true, Why::NoMailbox),
            ("5.0.0 the account does not exist", Unsaid, false, Why::NoMailbox),
            ("5.5.0 the account does not exist", Unsaid, true, Why::NoMailbox),
            ("This account has been disabled or discontinued", Unsaid, true, Why::NoMailbox),
            ("554 this account has been disabled or discontinued", Data, false, Why::NoMailbox),
            ("5.4.4 unable to route", Unsaid, true, Why::NoDomain),
            ("4.4.4 unable to route", Unsaid, false, Why::NoDomain),
            ("550 5.7.1 this account has been closed", Unsaid, false, Why::Closed),
            ("User kim is unknown. No such mailbox", Unsaid, true, Why::NoMailbox),
            ("450 4.1.1 user unknown", Rcpt, false, Why::NoMailbox),
            ("550 5.1.1 mailbox is full", Rcpt, false, Why::MailboxFull),
            ("550 5.1.1 <mailboxfull@a.example>: no such user", Rcpt, true, Why::NoMailbox),
            ("554 5.7.1 blocked using lists.example", Rcpt, false, Why::Blocked),
            ("550 5.7.26 DMARC did not pass", Data, false, Why::Authentication),
            ("550 5.1.1 sender address rejected: user unknown", Unsaid, false, Why::Sender),
            ("Host not found (#5.1.2)", Unsaid, true, Why::NoDomain),
            ("556 5.1.10 null MX", Rcpt, true, Why::TakesNoMail),
            ("521 go", Rcpt, true, Why::TakesNoMail),
            ("550 5.1.6 the person has moved to b", Rcpt, true, Why::Moved),
            ("554 this account has been discontinued", Data, true, Why::Closed),
            ("550 5.1.1 inactive address", Rcpt, true, Why::NoMailbox),
            ("550 5.2.1 this account is disabled", Rcpt, false, Why::Suspended),
            ("the group may not exist", Unsaid, false, Why::Sender),
            ("550 5.1.1", Rcpt, true, Why::NoMailbox),
            ("550 5.0.0 xyz", Rcpt, false, Why::Unknown),
            ("", Unsaid, false, Why::Unknown),
        ] {
            let class = if hard { BounceClass::Hard } else { BounceClass::Soft };
            assert_eq!(decided(reply, stage, false), (class, reason), "{reply} {stage:?}");
        }
    }

    /// Two say it: the server that is quoted, and the system that asked it.
    #[test]
    fn a_system_that_says_so_in_its_own_words_stands_for_a_code() {
        use ReplyStage::{Data, Unsaid};
        let own = "Your message was not delivered, because the address couldn't be found";
        for (own, reply, stage, hard) in [
            (own, "550 user unknown", Unsaid, true),
            (own, "550 user unknown", Data, false),
            (own, "550 5.7.1 user unknown", Unsaid, false),
            (own, "450 user unknown", Unsaid, false),
            ("Your message was not delivered", "550 user unknown", Unsaid, false),
            ("Address not found, or the mailbox is full", "550 user unknown", Unsaid, false),
        ] {
            let class = if hard { BounceClass::Hard } else { BounceClass::Soft };
            let found = decided_beside(own, reply, stage, false);
            assert_eq!(found, (class, Why::NoMailbox), "{own} {reply} {stage:?}");
        }
    }

    #[test]
    fn what_is_still_tried_is_never_hard() {
        let found = decided("550 5.1.1 user unknown", ReplyStage::Rcpt, true);
        assert_eq!(found, (BounceClass::Soft, Why::NoMailbox));
    }

    #[test]
    fn the_table_of_phrases_is_in_order() {
        let mut seen = std::collections::HashSet::new();
        let rows = include_str!("phrases.tsv").lines().filter(|line| !line.starts_with('#'));
        for row in rows {
            let (name, phrase) = row.split_once('\t').expect("a tab");
            let reason = ORDER.iter().find(|reason| reason.name() == name);
            let reason = *reason.unwrap_or_else(|| panic!("no reason is called {name}"));
            assert!(seen.insert(phrase), "{phrase} stands twice");
            assert_eq!(plain(phrase), phrase, "not as texts are compared");
            assert!(phrase.len() >= 3, "{phrase} is too short to be found");
            // Other phrases within it may win, but it is found.
            let text = phrase.replace('*', "x");
            let found = spoken(&text);
            let rank = |one: Why| ORDER.iter().position(|reason| *reason == one);
            assert!(rank(found) <= rank(reason), "{phrase}: {found:?}");
        }
        assert!(seen.len() > 500);
    }

    #[test]
    fn addresses_and_links_are_no_words() {
        let text = "<Spam@a.example>: no\u{a0}such_User, see https://a.example/blocked now";
        assert_eq!(plain(text), ": no such user, see now".trim_start_matches(": "));
    }
}
