//! What a scripted server does wrong, and when: plain data, meant to read well in a test.
//!
//! ```
//! use sejong_digest::catcher::script::{At, Do, Script, When};
//! let script = Script::new()
//!     .rule(At::Rcpt, When::recipient("bob@"), Do::reply("550 5.1.1 no such user"))
//!     .once(At::Dot, When::Message(3), Do::AcceptThenReset);
//! ```

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

/// Where in a session a rule applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// Right after the connection is accepted.
    Connect,
    /// Instead of the 220.
    Banner,
    /// EHLO or HELO.
    Ehlo,
    /// STARTTLS.
    Starttls,
    /// AUTH.
    Auth,
    /// MAIL.
    Mail,
    /// RCPT.
    Rcpt,
    /// DATA.
    Data,
    /// So many bytes into the text.
    Body(usize),
    /// The final dot.
    Dot,
    /// RSET.
    Rset,
    /// NOOP.
    Noop,
}

/// For which connections and messages.
#[derive(Clone, Debug, PartialEq)]
pub enum When {
    /// Each time.
    Always,
    /// On the nth connection, from 1.
    Connection(u64),
    /// For the nth message, counted by MAIL over all connections, from 1.
    Message(u64),
    /// Where the recipient contains this text.
    Recipient(String),
    /// For this share of the occasions, 0.0 to 1.0, the same ones for the same seed.
    Fraction(f64, u64),
}

impl When {
    /// Where the recipient contains this text.
    pub fn recipient(text: &str) -> When {
        When::Recipient(text.to_owned())
    }
}

/// What the server does instead of its duty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Do {
    /// Answers with these bytes, whatever they are. A 2xx to the dot stores the message.
    Reply(Vec<u8>),
    /// Answers, then closes.
    ReplyThenClose(Vec<u8>),
    /// Stores the message all the same, then answers with these bytes.
    AcceptThenReply(Vec<u8>),
    /// Stores the message, then closes without a word.
    AcceptThenClose,
    /// Stores the message, then resets the connection (RST).
    AcceptThenReset,
    /// Closes (FIN).
    Close,
    /// Resets the connection (RST).
    Reset,
    /// Waits, then does its duty.
    Delay(Duration),
    /// Does its duty, the answer one byte at a time with this pause.
    Trickle(Duration),
    /// Does its duty, and forgets what was sent behind the command: no server that offers PIPELINING
    /// should.
    DropRest,
    /// Never answers again, though it reads.
    Stall,
    /// Neither answers nor reads again.
    StopReading,
}

impl Do {
    /// Answers with one line.
    pub fn reply(line: &str) -> Do {
        Do::Reply(format!("{line}\r\n").into_bytes())
    }

    /// Answers with one line, then closes.
    pub fn reply_then_close(line: &str) -> Do {
        Do::ReplyThenClose(format!("{line}\r\n").into_bytes())
    }
}

/// One rule.
#[derive(Debug)]
struct ScriptRule {
    at: At,
    when: When,
    action: Do,
    /// How often it may still apply.
    left: AtomicU32,
    /// How often it was asked, for [`When::Fraction`].
    asked: AtomicU64,
}

/// Rules; the first that applies is taken.
#[derive(Debug, Default)]
pub struct Script {
    rules: Vec<ScriptRule>,
}

/// The occasion on which a rule is looked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct RuleOccasion<'a> {
    pub(super) connection: u64,
    pub(super) message: u64,
    pub(super) recipient: &'a str,
}

impl Script {
    /// No rules: a server that does its duty.
    pub fn new() -> Script {
        Script::default()
    }

    /// Adds a rule for every occasion.
    pub fn rule(self, at: At, when: When, action: Do) -> Script {
        self.times(u32::MAX, at, when, action)
    }

    /// Adds a rule for the first occasion.
    pub fn once(self, at: At, when: When, action: Do) -> Script {
        self.times(1, at, when, action)
    }

    /// Adds a rule for the first so many occasions.
    pub fn times(mut self, times: u32, at: At, when: When, action: Do) -> Script {
        let (left, asked) = (AtomicU32::new(times), AtomicU64::new(0));
        self.rules.push(ScriptRule { at, when, action, left, asked });
        self
    }

    /// What to do at this point, if anything is scripted.
    pub(super) fn action(&self, at: At, occasion: RuleOccasion<'_>) -> Option<&Do> {
        self.rules.iter().find(|rule| rule.at == at && rule.applies(occasion)).map(|r| &r.action)
    }

    /// The first point in the text at which this occasion has a rule.
    pub(super) fn body_point(&self, occasion: RuleOccasion<'_>) -> Option<(usize, &Do)> {
        self.rules.iter().find_map(|rule| match rule.at {
            At::Body(bytes) if rule.applies(occasion) => Some((bytes, &rule.action)),
            _ => None,
        })
    }
}

impl ScriptRule {
    fn applies(&self, occasion: RuleOccasion<'_>) -> bool {
        let fits = match &self.when {
            When::Always => true,
            When::Connection(number) => *number == occasion.connection,
            When::Message(number) => *number == occasion.message,
            When::Recipient(text) => occasion.recipient.contains(text.as_str()),
            When::Fraction(share, seed) => {
                let asked = self.asked.fetch_add(1, Ordering::Relaxed);
                unit(*seed, asked) < *share
            }
        };
        let spend = |left: u32| match left {
            0 => None,
            u32::MAX => Some(u32::MAX),
            left => Some(left - 1),
        };
        fits && self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, spend).is_ok()
    }
}

/// A number from 0 to 1 that looks random (SplitMix64).
fn unit(seed: u64, index: u64) -> f64 {
    let mut z = seed.wrapping_add(index.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_apply_in_order_and_run_out() {
        let script = Script::new().once(At::Rcpt, When::recipient("bob@"), Do::Close).rule(
            At::Rcpt,
            When::Always,
            Do::Stall,
        );
        let occasion = RuleOccasion { connection: 1, message: 1, recipient: "bob@a.example" };
        assert_eq!(script.action(At::Rcpt, occasion), Some(&Do::Close));
        assert_eq!(script.action(At::Rcpt, occasion), Some(&Do::Stall));
        assert_eq!(script.action(At::Mail, occasion), None);
    }

    #[test]
    fn a_fraction_is_about_its_share_and_repeats() {
        let count = |seed| {
            let script = Script::new().rule(At::Dot, When::Fraction(0.2, seed), Do::Close);
            let occasion = RuleOccasion { connection: 1, message: 1, recipient: "" };
            let hits = |_: &i32| script.action(At::Dot, occasion).is_some();
            (0..1000).filter(hits).collect::<Vec<_>>()
        };
        assert!((150..250).contains(&count(7).len()));
        assert_eq!(count(7), count(7));
        assert_ne!(count(7), count(8));
    }
}
