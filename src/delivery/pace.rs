//! How fast messages may leave: one number that is true across all connections of a run, and less
//! as long as the other side asks for less.

use std::str::FromStr;
use std::time::Duration;

/// So many messages in a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Messages.
    pub messages: u32,
    /// In this time.
    pub per: Duration,
}

impl Rate {
    /// The time between two messages.
    pub fn interval(self) -> Duration {
        self.per / self.messages.max(1)
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

/// A slowed pace never falls below this part of what it was.
const LEAST_PART: f64 = 1.0 / 64.0;
/// Nor below this, in messages per second.
const LEAST: f64 = 1.0 / 60.0;
/// The part of the full pace that a success gives back.
const STEP: f64 = 1.0 / 50.0;
/// Messages of so short a time are counted as if they had taken this long.
const MEASURED_OVER: Duration = Duration::from_millis(100);
/// Replies that come so soon after a slow-down are still about the pace before it.
const ECHO: Duration = Duration::from_millis(200);

/// Gives out the moments at which messages may leave, evenly spaced: a relay that counts in any
/// window sees no more than the rate. Halved when the other side asks for it, and given back in
/// small steps as messages are accepted. Times are counted from the beginning of the run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pace {
    limit: Option<Rate>,
    next: Duration,
    slowed: Option<Slowed>,
    /// When the first message left, and how many have since: what "full pace" means without a limit.
    measured: Option<(Duration, u64)>,
}

#[derive(Clone, Copy, Debug)]
struct Slowed {
    per_second: f64,
    full_per_second: f64,
    at: Duration,
}

impl Pace {
    /// A pace whose first message may go at once.
    pub fn new(limit: Option<Rate>) -> Pace {
        Pace { limit, ..Pace::default() }
    }

    /// Begins with what has left before, so that the limit holds over the end of one run and the
    /// start of the next; `ages` is how long ago each message left, the last one first.
    ///
    /// The message that was the `j`th from the end holds up the first new one for `j` intervals:
    /// then no window as long as the rate's has more messages than the rate allows.
    pub fn resume(&mut self, ages: impl IntoIterator<Item = Duration>) {
        let Some(limit) = self.limit else { return };
        let ages = ages.into_iter().take(limit.messages as usize);
        let wait = (1..).zip(ages).map(|(j, age)| (limit.interval() * j).saturating_sub(age));
        self.next = wait.max().unwrap_or_default().min(limit.per);
    }

    /// The limit it was made with.
    pub fn limit(&self) -> Option<Rate> {
        self.limit
    }

    /// How long it is from `now` until a message may go.
    pub fn wait(&self, now: Duration) -> Duration {
        self.next.saturating_sub(now)
    }

    /// Takes the next moment.
    pub fn take(&mut self, now: Duration) {
        self.next = self.next.max(now) + self.interval();
        let (_, count) = self.measured.get_or_insert((now, 0));
        *count += 1;
    }

    /// Whether messages have to wait for each other.
    pub fn is_limited(&self) -> bool {
        !self.interval().is_zero()
    }

    /// Whether it is below its full pace.
    pub fn is_slowed(&self) -> bool {
        self.slowed.is_some()
    }

    /// The other side asks for less: half, at most once for the messages that were under way.
    pub fn slow_down(&mut self, now: Duration) {
        let full = self.slowed.map_or_else(|| self.full(now), |slowed| slowed.full_per_second);
        let before = self.slowed.map_or(full, |slowed| slowed.per_second);
        if self.slowed.is_some_and(|slowed| now < slowed.at + ECHO + self.interval() * 2) {
            return;
        }
        let least = (full * LEAST_PART).max(LEAST).min(full);
        let per_second = (before / 2.0).max(least);
        self.slowed = Some(Slowed { per_second, full_per_second: full, at: now });
        self.next = self.next.max(now + self.interval());
    }

    /// A message was accepted: a little more, up to the full pace.
    pub fn speed_up(&mut self) {
        let Some(slowed) = &mut self.slowed else { return };
        slowed.per_second += slowed.full_per_second * STEP;
        if slowed.per_second >= slowed.full_per_second {
            (self.slowed, self.measured) = (None, None);
        }
    }

    fn interval(&self) -> Duration {
        match self.slowed {
            Some(slowed) => Duration::from_secs_f64(1.0 / slowed.per_second),
            None => self.limit.map_or(Duration::ZERO, Rate::interval),
        }
    }

    fn full(&self, now: Duration) -> f64 {
        let measured = self.measured.map_or(LEAST, |(since, count)| {
            count as f64 / now.saturating_sub(since).max(MEASURED_OVER).as_secs_f64()
        });
        match self.limit {
            Some(limit) => measured.min(1.0 / limit.interval().as_secs_f64()),
            None => measured,
        }
        .max(LEAST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_read_and_show() {
        assert_eq!("30/minute".parse::<Rate>().unwrap().interval(), Duration::from_secs(2));
        assert_eq!("50/second".parse::<Rate>().unwrap().to_string(), "50/second");
        for bad in ["", "50", "0/second", "-1/second", "5/fortnight", "x/second"] {
            assert!(bad.parse::<Rate>().is_err(), "{bad}");
        }
    }

    fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    #[test]
    fn a_late_start_does_not_make_up_for_lost_time() {
        let mut pace = Pace::new("10/second".parse().ok());
        let mut take = |now| {
            let wait = pace.wait(now);
            pace.take(now);
            wait
        };
        assert_eq!(take(ms(0)), ms(0));
        assert_eq!(take(ms(0)), ms(100));
        assert_eq!(take(ms(5_000)), ms(0));
        assert_eq!(take(ms(5_000)), ms(100));
    }

    #[test]
    fn what_left_before_counts() {
        let after = |ages: &[u64]| {
            let mut pace = Pace::new("10/second".parse().ok());
            pace.resume(ages.iter().map(|age| ms(*age)));
            pace.wait(ms(0))
        };
        assert_eq!(after(&[]), ms(0));
        assert_eq!(after(&[30, 130, 230]), ms(70), "evenly spaced, it goes on so");
        assert_eq!(after(&[30, 30, 30, 30]), ms(370), "four at once are made up for");
        assert_eq!(after(&[900, 900, 900, 5_000]), ms(0));
        assert_eq!(after(&[0; 500]), ms(1_000), "more than the rate, and never longer than it");
    }

    #[test]
    fn without_a_limit_nothing_waits() {
        let mut pace = Pace::new(None);
        for _ in 0..1_000 {
            assert_eq!(pace.wait(ms(5)), ms(0));
            pace.take(ms(5));
        }
    }

    #[test]
    fn a_rate_reply_halves_once_and_successes_give_it_back() {
        let mut pace = Pace::new(None);
        for at in 0..100 {
            pace.take(ms(10 * at));
        }
        pace.slow_down(ms(1_000));
        assert_eq!(pace.wait(ms(1_000)).as_millis(), 20, "half of 100 a second");
        // The echo of messages that were under way.
        pace.slow_down(ms(1_010));
        assert_eq!(pace.wait(ms(1_000)).as_millis(), 20);
        pace.slow_down(ms(2_000));
        assert_eq!(pace.wait(ms(2_000)).as_millis(), 40);
        let mut successes = 0;
        while pace.is_slowed() {
            pace.speed_up();
            successes += 1;
        }
        assert!((30..50).contains(&successes), "{successes}");
    }

    #[test]
    fn it_never_stops_altogether_nor_exceeds_its_limit() {
        let mut pace = Pace::new("10/second".parse().ok());
        for at in 0..1_000 {
            pace.take(ms(at));
            pace.slow_down(ms(at * 100_000));
        }
        let now = ms(1_000 * 100_000);
        pace.slow_down(now);
        assert!(pace.wait(now) <= Duration::from_secs(60), "{:?}", pace.wait(now));
        while pace.is_slowed() {
            pace.speed_up();
        }
        assert_eq!(pace.interval(), ms(100));
    }
}
