//! When a deferred recipient is tried again, and when no more (RFC 5321 4.5.4.1).
//!
//! Pure: times and counts in, a decision out. Never knows a clock; whoever calls it measures with
//! one that does not jump.

use std::time::Duration;

use super::moment::Moment;
use crate::smtp::outcome::AttemptFailure;

/// Tries that a recipient gets before the time may end them: a clock that was wrong between two
/// runs must not give anybody up at the second try.
const MIN_TRIES: u32 = 3;
/// The largest part of a delay that is added so that recipients do not come back in step.
const JITTER: f64 = 0.2;

/// How long to wait between tries, and in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Before the second try; each further wait is twice as long.
    pub first: Duration,
    /// The longest wait between two tries.
    pub cap: Duration,
    /// From the first try on; then the last refusal stands.
    pub give_up: Duration,
}

impl Default for Schedule {
    fn default() -> Schedule {
        let minutes = |count: u64| Duration::from_secs(60 * count);
        Schedule { first: minutes(5), cap: minutes(120), give_up: minutes(24 * 60) }
    }
}

/// Why it was not accepted for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A refusal of this recipient.
    Refusal,
    /// The server wants to see whether we come back, perhaps not before the time that it states.
    Greylisting(Option<Duration>),
    /// The server asks for a lower rate: not the recipient's fault, and not charged.
    Rate,
}

impl Kind {
    /// The kind of a failure that has deferred a recipient.
    pub fn of(failure: &AttemptFailure) -> Kind {
        let text = failure.reply.as_ref().map_or("", |reply| &reply.text);
        match () {
            () if failure.is_greylisting() => Kind::Greylisting(stated(text)),
            () if failure.asks_to_slow_down() => Kind::Rate,
            () => Kind::Refusal,
        }
    }
}

/// What is known of a recipient's tries, the last one included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tries {
    /// All of them.
    pub all: u32,
    /// Those that are charged to the recipient: the wait doubles with each.
    pub charged: u32,
    /// How long ago the first one was.
    pub since: Duration,
}

/// What to do with a deferred recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextTry {
    /// Try again after this time.
    After(Duration),
    /// The time is over.
    GiveUp,
}

impl Schedule {
    /// When a recipient's first try was, as the clock of this run counts it. A pause between two
    /// runs counts for half of `give_up` at most, and for nothing where the clock says that there
    /// was none: one clock that is wrong, by whatever it is wrong, gives nobody up.
    pub fn first_try(&self, first: Moment, last: Moment, now: Moment) -> Moment {
        if now < last {
            return first.minus(last.since(now));
        }
        first.plus(now.since(last).saturating_sub(self.give_up / 2))
    }

    /// What comes after the last of `tries`. The same `seed` gives the same jitter.
    pub fn next(&self, kind: Kind, tries: Tries, seed: u64) -> NextTry {
        if tries.since >= self.give_up && tries.all >= MIN_TRIES {
            return NextTry::GiveUp;
        }
        let doublings = match kind {
            Kind::Rate => 0,
            Kind::Refusal | Kind::Greylisting(_) => tries.charged.saturating_sub(1).min(31),
        };
        let backoff = self.first.saturating_mul(1 << doublings).min(self.cap.max(self.first));
        let least = match kind {
            Kind::Greylisting(Some(stated)) => backoff.max(stated.min(self.give_up)),
            _ => backoff,
        };
        let seed = seed ^ u64::from(tries.all).rotate_left(32);
        NextTry::After(least + least.mul_f64(JITTER * unit(seed)))
    }
}

/// A number from 0 to 1 that looks random (SplitMix64).
fn unit(seed: u64) -> f64 {
    let mut z = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}

/// The time that a reply names, as in `try again in 300 seconds` or `retry after 00:05:00`.
fn stated(text: &str) -> Option<Duration> {
    let text = text.to_lowercase();
    let words: Vec<&str> = text.split(|c: char| c.is_whitespace() || "(),;".contains(c)).collect();
    words.iter().enumerate().find_map(|(at, word)| {
        let clock: Vec<u64> = word.split(':').map_while(|part| part.parse().ok()).collect();
        if let [hours, minutes, seconds] = clock[..] {
            return Some(Duration::from_secs(hours.min(99) * 3600 + minutes * 60 + seconds));
        }
        let digits = word.find(|c: char| !c.is_ascii_digit()).unwrap_or(word.len());
        let number: u32 = word[..digits].parse().ok()?;
        let unit = match &word[digits..] {
            "" => words.get(at + 1)?,
            unit => unit,
        };
        match unit.trim_end_matches('.') {
            "s" | "sec" | "secs" | "second" | "seconds" => Some(Duration::from_secs(number.into())),
            "m" | "min" | "mins" | "minute" | "minutes" => {
                Some(Duration::from_secs(60 * u64::from(number)))
            }
            "h" | "hour" | "hours" => Some(Duration::from_secs(3600 * u64::from(number))),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn tries(all: u32, charged: u32, since: Duration) -> Tries {
        Tries { all, charged, since }
    }

    /// The wait without its jitter is between these.
    #[track_caller]
    fn waits(kind: Kind, tries: Tries, least: Duration) {
        match Schedule::default().next(kind, tries, 7) {
            NextTry::After(wait) => {
                assert!(wait >= least && wait <= least.mul_f64(1.0 + JITTER), "{wait:?}");
            }
            NextTry::GiveUp => panic!("given up"),
        }
    }

    #[test]
    fn the_wait_doubles_up_to_its_cap() {
        for (charged, minutes) in [(1, 5), (2, 10), (3, 20), (5, 80), (6, 120), (60, 120)] {
            waits(Kind::Refusal, tries(charged, charged, MINUTE), MINUTE * minutes);
        }
    }

    #[test]
    fn a_rate_reply_does_not_lengthen_the_wait() {
        waits(Kind::Rate, tries(9, 0, MINUTE), MINUTE * 5);
        waits(Kind::Rate, tries(9, 4, MINUTE), MINUTE * 5);
    }

    #[test]
    fn greylisting_waits_as_long_as_it_says() {
        waits(Kind::Greylisting(None), tries(1, 1, MINUTE), MINUTE * 5);
        waits(Kind::Greylisting(Some(MINUTE)), tries(1, 1, MINUTE), MINUTE * 5);
        waits(Kind::Greylisting(Some(MINUTE * 15)), tries(1, 1, MINUTE), MINUTE * 15);
    }

    #[test]
    fn stated_times_are_read() {
        for (text, seconds) in [
            ("Greylisted, try again in 300 seconds", Some(300)),
            ("greylisted for 5 minutes.", Some(300)),
            ("Greylisting in action (retry in 90s)", Some(90)),
            ("greylisted, please retry in 00:05:00", Some(300)),
            ("Greylisted, see http://postgrey.example/help/a.example.html", None),
            ("", None),
        ] {
            assert_eq!(stated(text), seconds.map(Duration::from_secs), "{text}");
        }
    }

    #[test]
    fn it_ends_when_the_time_is_over_and_not_at_the_second_try() {
        let schedule = Schedule::default();
        let day = MINUTE * 60 * 24;
        assert_eq!(schedule.next(Kind::Refusal, tries(3, 3, day), 1), NextTry::GiveUp);
        assert_eq!(schedule.next(Kind::Rate, tries(3, 0, day), 1), NextTry::GiveUp);
        assert!(matches!(schedule.next(Kind::Refusal, tries(2, 2, day), 1), NextTry::After(_)));
    }

    #[test]
    fn a_pause_between_two_runs_counts_for_half_the_time_at_most() {
        let schedule = Schedule::default();
        let hours = |count: i64| Moment(count * 3_600_000);
        // First try, last try, now; and how long ago the first one is taken to be.
        for (first, last, now, since) in [
            (0, 1, 2, 2),
            (0, 1, 13, 13),
            (0, 1, 26, 13),
            (0, 1, 900, 13),
            // The clock is right again after it had been ahead, and the other way round.
            (0, 25, 1, 25),
            (-25, -24, 1, 13),
        ] {
            let found = schedule.first_try(hours(first), hours(last), hours(now));
            assert_eq!(hours(now).since(found), 60 * MINUTE * since, "{first} {last} {now}");
        }
    }

    proptest! {
        #[test]
        fn every_recipient_ends_and_none_is_tried_too_soon(seed: u64, first in 1u64..1000, cap in 1u64..10_000) {
            let schedule = Schedule {
                first: Duration::from_secs(first),
                cap: Duration::from_secs(cap),
                give_up: Duration::from_secs(20_000),
            };
            let mut since = Duration::ZERO;
            let mut ended = false;
            for all in 1..30_000 {
                match schedule.next(Kind::Refusal, tries(all, all, since), seed) {
                    NextTry::After(wait) => {
                        prop_assert!(wait >= schedule.first);
                        since += wait;
                    }
                    NextTry::GiveUp => {
                        ended = true;
                        break;
                    }
                }
            }
            prop_assert!(ended && since >= schedule.give_up);
        }
    }
}
