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
/// A message that has not left after this time is not going to leave late, but not at all.
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

/// Gives out the moments at which messages may leave: evenly spaced, and what was late is made up,
/// as long as no window has more than the limit.
///
/// A message counts from when it is taken until a window after it has left, because nobody can tell
/// when in between it arrives. So a relay sees no more than the limit in any window of its own,
/// however late messages are on their way out; only what the network does comes on top.
#[derive(Clone, Debug, Default)]
pub struct Pace {
    limit: Option<Rate>,
    /// When the next message may leave by the even spacing.
    next: Duration,
    /// When each message was taken that has not left.
    out: VecDeque<Duration>,
    /// When messages left, and how many.
    past: VecDeque<(Duration, u32)>,
    /// Of these, in all.
    counted: u32,
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
        if let Some(last) = ages.first() {
            self.next = limit.interval().saturating_sub(*last) + BEGINNING;
        }
        for age in ages.into_iter().rev() {
            self.count(BEGINNING.saturating_sub(age), limit);
        }
    }

    /// The limit it was made with.
    pub fn limit(&self) -> Option<Rate> {
        self.limit
    }

    /// How long it is from `now` until a message may go.
    pub fn wait(&self, now: Duration) -> Duration {
        let Some(limit) = self.limit else { return Duration::ZERO };
        let now = now + BEGINNING;
        let spacing = self.next.saturating_sub(now);
        let window = limit.window();
        let past = self.past.iter().map(|(left, count)| (*left + window, *count));
        let held_up = self.out.iter().map(|taken| (*taken + HELD_UP + window, 1));
        let is_over = |(over, _): &(Duration, u32)| *over <= now;
        let over = past.clone().take_while(is_over).chain(held_up.take_while(is_over));
        let counted = self.counted + self.out.len() as u32;
        if counted - over.map(|(_, count)| count).sum::<u32>() < limit.messages {
            return spacing;
        }
        // What is on its way counts for a window from when it leaves, which may be at once.
        let out = self.out.front().map(|taken| (*taken + window).max(now + LOOK));
        let past = past.map(|(over, _)| over).find(|over| *over > now);
        let first = [past, out].into_iter().flatten().min();
        first.map_or(spacing, |first| spacing.max(first - now))
    }

    /// Takes the next moment.
    pub fn take(&mut self, now: Duration) {
        let Some(limit) = self.limit else { return };
        let now = now + BEGINNING;
        self.forget(now, limit);
        let lateness = limit.per.mul_f64(LATENESS.0).min(LATENESS.1);
        self.next = self.next.max(now.saturating_sub(lateness)) + limit.interval();
        self.out.push_back(now);
    }

    /// A message that was taken at `taken` has left. `usual` is how long that takes at least: so
    /// much of the time between is no lateness.
    pub fn left(&mut self, taken: Duration, now: Duration, usual: Duration) {
        let Some(limit) = self.limit else { return };
        let (taken, now) = (taken + BEGINNING, now + BEGINNING);
        self.forget(now, limit);
        if let Ok(at) = self.out.binary_search(&taken) {
            self.out.remove(at);
            self.count((now - usual.min(now)).max(taken), limit);
        }
    }

    /// Whether messages have to wait for each other.
    pub fn is_limited(&self) -> bool {
        self.limit.is_some()
    }

    /// Messages whose window is over, and those that will never leave.
    fn forget(&mut self, now: Duration, limit: Rate) {
        while let Some(taken) = self.out.front().filter(|taken| **taken + HELD_UP <= now) {
            let left = *taken + HELD_UP;
            self.out.pop_front();
            self.count(left, limit);
        }
        let is_over = |past: &&(Duration, u32)| past.0 + limit.window() <= now;
        while let Some((_, count)) = self.past.front().filter(is_over) {
            self.counted -= count;
            self.past.pop_front();
        }
    }

    fn count(&mut self, left: Duration, limit: Rate) {
        self.counted += 1;
        let grain = limit.per.mul_f64(GRAIN);
        match self.past.back_mut() {
            Some((last, count))
                if left.saturating_sub(*last) < grain && *count < limit.messages / 512 =>
            {
                (*last, *count) = (left.max(*last), *count + 1);
            }
            last => {
                let left = last.map_or(left, |(last, _)| left.max(*last));
                self.past.push_back((left, 1));
            }
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
            pace.left(now, now, Duration::ZERO);
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
    fn a_message_counts_until_it_has_left() {
        let mut pace = limited("2/second");
        pace.take(ms(0));
        pace.left(ms(0), ms(0), Duration::ZERO);
        pace.take(ms(502));
        // It leaves 300 ms later than usual, and the one after the next waits for it.
        pace.left(ms(502), ms(812), ms(10));
        pace.take(ms(1_004));
        pace.left(ms(1_004), ms(1_004), Duration::ZERO);
        assert_eq!(pace.wait(ms(1_600)), ms(206));
    }

    #[test]
    fn a_message_that_never_leaves_holds_up_nobody_for_long() {
        let mut pace = limited("1/second");
        pace.take(ms(0));
        assert!(pace.wait(ms(2_900)) > Duration::ZERO);
        assert_eq!(pace.wait(ms(3_100)), Duration::ZERO);
    }

    #[test]
    fn without_a_limit_nothing_waits() {
        let mut pace = Pace::new(None);
        assert_eq!(take_all(&mut pace, ms(5)), 10_000);
    }

    proptest! {
        /// Whatever the moments at which somebody looks, and however late messages leave.
        #[test]
        fn no_window_has_more_than_the_limit(
            messages in 1_u32..3_000,
            looks in prop::collection::vec((0_u64..40, 0_u64..30), 1..200),
        ) {
            let mut pace = Pace::new(Some(Rate { messages, per: Duration::from_secs(1) }));
            let (mut now, mut arrived) = (Duration::ZERO, Vec::new());
            for (pause, late) in looks {
                now += ms(pause);
                let mut taken = 0;
                while pace.wait(now).is_zero() {
                    pace.take(now);
                    taken += 1;
                }
                now += ms(late);
                for _ in 0..taken {
                    pace.left(now - ms(late), now, Duration::ZERO);
                    arrived.push(now);
                }
            }
            for at in 0..arrived.len() {
                let end = arrived[at] + Duration::from_secs(1);
                let within = arrived[at..].iter().take_while(|time| **time < end).count();
                prop_assert!(within <= messages as usize, "{within} from {:?}", arrived[at]);
            }
        }
    }
}
