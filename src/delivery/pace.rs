//! How fast messages may leave: one number that is true across all connections of a run.

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

/// Gives out the moments at which messages may leave, evenly spaced: a relay that counts in any
/// window sees no more than the rate.
#[derive(Debug)]
pub struct Pacer {
    interval: Duration,
    next: Duration,
}

impl Pacer {
    /// A pacer whose first message may go at once.
    pub fn new(rate: Rate) -> Pacer {
        Pacer { interval: rate.interval(), next: Duration::ZERO }
    }

    /// How long it is from `now`, the time since the run began, until a message may go.
    pub fn wait(&self, now: Duration) -> Duration {
        self.next.saturating_sub(now)
    }

    /// Takes the next moment, and says how long it is from `now`, the time since the run began.
    pub fn take(&mut self, now: Duration) -> Duration {
        let at = self.next.max(now);
        self.next = at + self.interval;
        at - now
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

    #[test]
    fn a_late_start_does_not_make_up_for_lost_time() {
        let mut pacer = Pacer::new("10/second".parse().unwrap());
        let ms = Duration::from_millis;
        assert_eq!(pacer.take(ms(0)), ms(0));
        assert_eq!(pacer.take(ms(0)), ms(100));
        assert_eq!(pacer.take(ms(5_000)), ms(0));
        assert_eq!(pacer.take(ms(5_000)), ms(100));
    }
}
