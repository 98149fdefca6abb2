//! What a refusal says in plain words, where its code does not tell whom it is about.
//!
//! Servers put the same words behind any code: `550 5.5.0 mailbox unavailable`, `554 relay access
//! denied`. So words are looked for in a text from which addresses are taken out, since an address
//! may hold any word. Knows phrases only; what follows from them is decided in the file above.

use crate::message::address::Address;

const ADDRESS: &str = "the address of the machine that sends is not accepted, perhaps because it \
                       is on a blocklist: send over another relay, or ask the list that is named \
                       to remove it";

/// Of what speaks of our address, a refusal for now often means the rate.
const MAY_MEAN_THE_RATE: &[&str] = &["your ip", "sending ip", "sender ip", "your network"];

/// These speak of us: what we may do at this relay, and what to do about it.
const ABOUT_US: &[(&[&str], &str)] = &[
    (
        &[
            "relay access denied",
            "relay denied",
            "relaying denied",
            "relay not permitted",
            "relaying not permitted",
            "relay not allowed",
            "relaying not allowed",
            "relay prohibited",
            "relaying prohibited",
            "relaying is not",
            "relaying to",
            "not relay",
            "no relaying",
            "unable to relay",
            "cannot relay",
            "can't relay",
            "permitted to relay",
            "allowed to relay",
        ],
        "this relay does not send mail to other servers for you: check that `url` names your own \
         relay and that `user` and its password are set, or ask the people who run it to allow this computer",
    ),
    (
        &[
            "fully-qualified host",
            "fully qualified host",
            "helo command rejected",
            "ehlo command rejected",
            "invalid helo",
            "invalid ehlo",
        ],
        "the relay does not accept the name that this machine gives for itself: set `hello` of the \
         relay to a full host name, as in news.example.org",
    ),
    (
        &[
            "sender address rejected",
            "sender address denied",
            "sender rejected",
            "sender denied",
            "sender refused",
            "sender unknown",
            "sender not allowed",
            "sender verif",
            "sender domain",
            "sending domain",
            "unknown sender",
            "invalid sender",
            "bad sender",
            "not owned by user",
        ],
        "the relay does not accept the sender's address: check `from` and `return_path`, and that \
         the user of the relay may send as it",
    ),
    (&["client host", "client address"], ADDRESS),
    (
        &[
            "blocked using",
            "blacklist",
            "black list",
            "blocklist",
            "block list",
            "spamhaus",
            "dnsbl",
            "sending ip",
            "sender ip",
            "your ip",
            "your host",
            "your server",
            "your network",
        ],
        ADDRESS,
    ),
    (
        &[
            "authentication required",
            "must authenticate",
            "not authenticated",
            "without authentic",
            "unauthenticated",
            "starttls",
        ],
        "the relay wants a login or TLS: set `user` and its password, and check `tls` in the \
         relay's `url`",
    ),
];

/// These speak of a mailbox that is missing, closed or full.
const ABOUT_MAILBOX: &[&str] = &[
    "user unknown",
    "unknown user",
    "no such user",
    "no such recipient",
    "no such mailbox",
    "no such person",
    "no such address",
    "no such account",
    "no mailbox",
    "mailbox unavailable",
    "mailbox not found",
    "mailbox disabled",
    "mailbox is disabled",
    "mailbox inactive",
    "mailbox is inactive",
    "mailbox full",
    "mailbox is full",
    "mailbox quota",
    "over quota",
    "over its quota",
    "quota exceeded",
    "exceeded quota",
    "exceeded its quota",
    "exceeds quota",
    "storage allocation",
    "unknown recipient",
    "recipient unknown",
    "recipient not found",
    "recipient address rejected: domain not found",
    "user not found",
    "unknown address",
    "address unknown",
    "addressee unknown",
    "unknown local part",
    "unknown local-part",
    "unrouteable address",
    "unroutable address",
    "invalid recipient",
    "invalid mailbox",
    "not a valid mailbox",
    "account disabled",
    "account is disabled",
    "account inactive",
    "account is inactive",
    "does not exist",
    "doesn't exist",
    "doesn't have a",
];

/// A text with one of these may mean anything, whatever else it says.
const IN_DOUBT: &[&str] = &[
    "polic",
    "sender",
    "spam",
    "block",
    "denied",
    "reputation",
    "authent",
    "spf",
    "dkim",
    "dmarc",
];

/// These speak of the size of the message.
const ABOUT_SIZE: &[&str] = &["size", "too large", "too big", "too long", "larger than"];

/// Whether the text says that it is us who are refused.
pub(super) fn is_about_us(text: &str) -> bool {
    advice(text).is_some()
}

/// Whether a text that speaks of us may as well be about how much we send.
pub(super) fn may_mean_the_rate(text: &str) -> bool {
    contains(text, MAY_MEAN_THE_RATE)
}

/// What to do about a text that says so.
pub(super) fn advice(text: &str) -> Option<&'static str> {
    ABOUT_US.iter().find(|(phrases, _)| contains(text, phrases)).map(|(_, advice)| *advice)
}

/// Whether the text says that there is no such mailbox, or that it takes nothing.
pub(super) fn is_about_the_mailbox(text: &str) -> bool {
    contains(text, ABOUT_MAILBOX) && !contains(text, IN_DOUBT) && !is_about_us(text)
}

/// Whether the text says that the message is too large, and not that a mailbox is full.
pub(super) fn is_about_the_size(text: &str) -> bool {
    contains(text, ABOUT_SIZE) && !text.contains("quota") && !text.contains("mailbox")
}

fn contains(text: &str, phrases: &[&str]) -> bool {
    phrases.iter().any(|phrase| text.contains(phrase))
}

/// The text in lower case without addresses, its white space made one space.
pub(super) fn without_addresses(text: &str) -> String {
    let text = text.to_lowercase();
    joined(text.split_whitespace().filter(|word| !word.contains('@')))
}

/// What remains of a text when all is taken out that differs from one recipient to the next: the
/// address and its parts, and every word with a digit or a link in it.
pub(super) fn same_for_all(text: &str, recipient: &Address) -> String {
    let text = without_addresses(text);
    let (local, domain) =
        (recipient.local_part().to_lowercase(), recipient.domain().to_lowercase());
    let is_alike = |word: &&str| {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        let differs = bare == local || bare == domain || word.contains("://");
        !differs && !word.contains(|c: char| c.is_ascii_digit())
    };
    joined(text.split(' ').filter(is_alike))
}

fn joined<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.collect::<Vec<_>>().join(" ")
}
