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
        Pace { limit, ..Pace::default() }
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
        let mut free = limit.messages.saturating_sub(self.counted + self.out.len() as u32);
        let mut past = self.past.iter();
        while free == 0 {
            let Some((left, count)) = past.next() else { return spacing.max(LOOK) };
            let over = *left + limit.window();
            if over > now {
                return spacing.max(over - now);
            }
            free += count;
        }
        spacing
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
