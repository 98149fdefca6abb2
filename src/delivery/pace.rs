//! How fast messages may leave: a limit that no window of its length exceeds, wherever it begins,
//! and that is reached all the same.
//!
//! Pure: never knows a clock. Times are counted from the beginning of the run.

use std::collections::VecDeque;
use std::str::FromStr;
use std::time::Duration;

/// The part by which a window is longer than the limit says.
const MARGIN: f64 = 0.004;
/// Lateness is made up, up to this part of the limit's time and this long at most.
const LATENESS: (f64, Duration) = (0.5, Duration::from_millis(500));
/// A text that has not left after this time is held up by the other side.
const HELD_UP: Duration = Duration::from_secs(2);
/// Messages that left within this part of a window are counted as one: a limit by the day is no
/// reason to remember a day's messages.
const GRAIN: f64 = 1.0 / 1024.0;
/// How often to look again where every message that may leave is on its way.
const LOOK: Duration = Duration::from_millis(2);
/// The beginning of the run as it is counted here, so that there is a time before it.
const BEGINNING: Duration = Duration::from_secs(100_000);

/// So many messages in a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Messages.
    pub messages: u32,
    /// In this time.
    pub per: Duration,
}

impl Rate {
    /// The time between two messages that [`Pace`] keeps.
    pub fn interval(self) -> Duration {
        self.window() / self.messages.max(1)
    }

    /// How long a message counts: a little longer than the limit says, because what leaves in time
    /// may be a little late, or early, where it arrives.
    fn window(self) -> Duration {
        self.per.mul_f64(1.0 + MARGIN)
    }
}

/// It is not of the form `50/second`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a rate is written 50/second, 30/minute or 2000/hour")]
pub struct RateError;

impl FromStr for Rate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Rate, RateError> {
        let (messages, unit) = text.split_once('/').ok_or(RateError)?;
        let seconds = match unit.trim() {
            "s" | "sec" | "second" => 1,
            "m" | "min" | "minute" => 60,
            "h" | "hour" => 3600,
            "d" | "day" => 86_400,
            _ => return Err(RateError),
        };
        match messages.trim().parse() {
            Ok(messages) if messages > 0 => {
                Ok(Rate { messages, per: Duration::from_secs(seconds) })
            }
            _ => Err(RateError),
        }
    }
}

impl std::fmt::Display for Rate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let unit = match self.per.as_secs() {
            1 => "second",
            60 => "minute",
            3600 => "hour",
            _ => "day",
        };
        write!(f, "{}/{unit}", self.messages)
    }
}

/// Gives out the moments at which messages may be begun, and those at which their texts may leave:
/// evenly spaced, what was late is made up, and no window has more than the limit of either.
///
/// A text counts from when it may leave until a window after it has left, because nobody can tell
/// when in between it arrives. So a relay sees no more than the limit in any window of its own,
/// however busy the machine is; only what the network does comes on top.
#[derive(Clone, Debug, Default)]
pub struct Pace {
    limit: Option<Rate>,
    /// When the next message may be begun by the even spacing.
    next: Duration,
    begun: PastDepartures,
    /// When each text was let go that has not left.
    leaving: VecDeque<Duration>,
    left: PastDepartures,
}

/// What happened in the last window: when, and how often.
#[derive(Clone, Debug, Default)]
struct PastDepartures {
    times: VecDeque<(Duration, u32)>,
    sum: u32,
}

impl PastDepartures {
    /// How long it is from `now` until one more may happen, beside `others` that are about to.
    fn wait(&self, now: Duration, limit: Rate, others: u32) -> Duration {
        let mut counted = self.sum + others;
        for (at, count) in &self.times {
            let over = *at + limit.window();
            if counted < limit.messages {
                break;
            }
            if over > now {
                return over - now;
            }
            counted -= count;
        }
        if counted < limit.messages { Duration::ZERO } else { LOOK }
    }

    fn add(&mut self, at: Duration, limit: Rate) {
        let is_over = |past: &&(Duration, u32)| past.0 + limit.window() <= at;
        while let Some((_, count)) = self.times.front().filter(is_over) {
            self.sum -= count;
            self.times.pop_front();
        }
        self.sum += 1;
        let grain = limit.per.mul_f64(GRAIN);
        match self.times.back_mut() {
            Some((last, count)) if at < *last + grain && *count < limit.messages / 512 => {
                (*last, *count) = (at.max(*last), *count + 1);
            }
            last => {
                let at = last.map_or(at, |(last, _)| at.max(*last));
                self.times.push_back((at, 1));
            }
        }
    }
}

impl Pace {
    /// A pace whose first message may go at once.
    pub fn new(limit: Option<Rate>) -> Pace {
        // Before its beginning nothing was late.
        Pace { limit, next: BEGINNING, ..Pace::default() }
    }

    /// Begins with what has left before, so that the limit holds over the end of one run and the
    /// start of the next; `ages` is how long ago each message left, the last one first.
    pub fn resume(&mut self, ages: impl IntoIterator<Item = Duration>) {
        let Some(limit) = self.limit else { return };
        let mut ages: Vec<Duration> = ages.into_iter().take(limit.messages as usize).collect();
        ages.sort_unstable();
        let spacing =
            ages.first().map_or(Duration::ZERO, |last| limit.interval().saturating_sub(*last));
        for age in ages.into_iter().rev() {
            self.begun.add(BEGINNING.saturating_sub(age), limit);
            self.left.add(BEGINNING.saturating_sub(age), limit);
        }
        // To have waited for the window is not to be late.
        self.next = BEGINNING + spacing.max(self.begun.wait(BEGINNING, limit, 0));
    }

    /// The limit it was made with.
    pub fn limit(&self) -> Option<Rate> {
        self.limit
    }

    /// Whether messages have to wait for each other.
    pub fn is_limited(&self) -> bool {
        self.limit.is_some()
    }

    /// How long it is from `now` until a message may be begun.
    pub fn wait(&self, now: Duration) -> Duration {
        let Some(limit) = self.limit else { return Duration::ZERO };
        let now = now + BEGINNING;
        self.next.saturating_sub(now).max(self.begun.wait(now, limit, 0))
    }

    /// Begins a message.
    pub fn take(&mut self, now: Duration) {
        let Some(limit) = self.limit else { return };
        let now = now + BEGINNING;
        let lateness = limit.per.mul_f64(LATENESS.0).min(LATENESS.1);
        self.next = self.next.max(now.saturating_sub(lateness)) + limit.interval();
        self.begun.add(now, limit);
    }

    /// How long it is from `now` until the text of a message that was begun may leave: longer than
    /// not at all only where texts have been late.
    pub fn wait_to_leave(&self, now: Duration) -> Duration {
        let Some(limit) = self.limit else { return Duration::ZERO };
        let now = now + BEGINNING;
        let leaving = self.leaving.iter().filter(|since| **since + HELD_UP > now).count();
        self.left.wait(now, limit, leaving as u32)
    }

    /// Lets a text go.
    pub fn leave(&mut self, now: Duration) {
        let Some(limit) = self.limit else { return };
        let now = now + BEGINNING;
        while let Some(since) = self.leaving.front().filter(|since| **since + HELD_UP <= now) {
            let since = *since;
            self.leaving.pop_front();
            self.left.add(since + HELD_UP, limit);
        }
        self.leaving.push_back(now);
    }

    /// A text that was let go at `since` has left.
    pub fn left(&mut self, since: Duration, now: Duration) {
        let Some(limit) = self.limit else { return };
        if let Ok(at) = self.leaving.binary_search(&(since + BEGINNING)) {
            self.leaving.remove(at);
            self.left.add(now + BEGINNING, limit);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rates_read_and_show() {
        let interval = "30/minute".parse::<Rate>().unwrap().interval();
        assert!(interval >= Duration::from_secs(2) && interval < Duration::from_millis(2_020));
        assert_eq!("50/second".parse::<Rate>().unwrap().to_string(), "50/second");
        for bad in ["", "50", "0/second", "-1/second", "5/fortnight", "x/second"] {
            assert!(bad.parse::<Rate>().is_err(), "{bad}");
        }
    }

    fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    fn limited(limit: &str) -> Pace {
        Pace::new(limit.parse().ok())
    }

    /// Takes all that may leave at `now`; each leaves at once.
    fn take_all(pace: &mut Pace, now: Duration) -> usize {
        let mut taken = 0;
        while pace.wait(now).is_zero() && taken < 10_000 {
            pace.take(now);
            assert_eq!(pace.wait_to_leave(now), Duration::ZERO);
            pace.leave(now);
            pace.left(now, now);
            taken += 1;
        }
        taken
    }

    #[test]
    fn messages_are_spaced_evenly() {
        let mut pace = limited("10/second");
        assert_eq!(take_all(&mut pace, ms(0)), 1);
        assert_eq!(take_all(&mut pace, ms(99)), 0);
        assert_eq!(take_all(&mut pace, ms(101)), 1);
    }

    #[test]
    fn what_was_late_is_made_up_and_what_was_idle_is_not() {
        let mut pace = limited("1000/second");
        assert_eq!(take_all(&mut pace, ms(0)), 1);
        // A timer that rings every few milliseconds loses nothing.
        let taken: usize = (1..=100).map(|at| take_all(&mut pace, ms(7 * at))).sum();
        assert!((690..=700).contains(&taken), "{taken}");
        // An hour of rest is no reason for a burst of more than half a second's.
        let taken = take_all(&mut pace, ms(3_600_000));
        assert!((490..=510).contains(&taken), "{taken}");
    }

    #[test]
    fn what_left_before_counts() {
        let after = |ages: &[u64]| {
            let mut pace = limited("4/second");
            pace.resume(ages.iter().map(|age| ms(*age)));
            pace.wait(ms(0)).as_millis()
        };
        assert_eq!(after(&[]), 0);
        assert_eq!(after(&[30, 280, 530]), 221, "evenly spaced, it goes on so");
        assert_eq!(after(&[300, 300, 300, 300]), 704, "four at once are made up for");
        assert_eq!(after(&[900, 900, 900, 5_000]), 0);
        assert_eq!(after(&[0; 500]), 1_004, "more than the limit, and never longer than it");
    }

    #[test]
    fn a_text_that_leaves_late_holds_up_the_next_but_its_window() {
        let mut pace = limited("2/second");
        pace.take(ms(0));
        pace.leave(ms(0));
        pace.left(ms(0), ms(300));
        pace.take(ms(502));
        pace.leave(ms(502));
        pace.left(ms(502), ms(502));
        assert_eq!(pace.wait(ms(1_004)), Duration::ZERO);
        pace.take(ms(1_004));
        assert_eq!(pace.wait_to_leave(ms(1_004)), ms(300));
        assert_eq!(pace.wait_to_leave(ms(1_304)), Duration::ZERO);
    }

    #[test]
    fn a_text_that_never_leaves_holds_up_nobody_for_long() {
        let mut pace = limited("1/second");
        pace.take(ms(0));
        pace.leave(ms(0));
        assert!(pace.wait_to_leave(ms(1_900)) > Duration::ZERO);
        assert_eq!(pace.wait_to_leave(ms(2_000)), Duration::ZERO);
    }

    #[test]
    fn without_a_limit_nothing_waits() {
        let mut pace = Pace::new(None);
        assert_eq!(take_all(&mut pace, ms(5)), 10_000);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// Whatever the moments at which somebody looks, and however late messages leave.
        #[test]
        fn no_window_has_more_than_the_limit(
            messages in 1_u32..2_000,
            looks in prop::collection::vec((0_u64..60, 0_u64..30), 1..100),
        ) {
            let mut pace = Pace::new(Some(Rate { messages, per: Duration::from_secs(1) }));
            let (mut now, mut arrived) = (Duration::ZERO, Vec::new());
            for (pause, late) in looks {
                now += ms(pause);
                let mut leaving = Vec::new();
                while pace.wait(now).is_zero() {
                    pace.take(now);
                    let wait = pace.wait_to_leave(now);
                    now += wait;
                    pace.leave(now);
                    leaving.push(now);
                    if !wait.is_zero() {
                        break;
                    }
                }
                now += ms(late);
                for since in leaving {
                    pace.left(since, now);
                    arrived.push(now);
                }
            }
            for at in 0..arrived.len() {
                let end = arrived[at] + Duration::from_secs(1);
                let within = arrived.partition_point(|time| *time < end) - at;
                prop_assert!(within <= messages as usize, "{within} from {:?}", arrived[at]);
            }
        }
    }
}
