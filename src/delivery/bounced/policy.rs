//! How many reports it takes until somebody gets no mail any more: `[bounce]` in digest.toml.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::delivery::duration;

/// How many reports of each class suppress a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BouncePolicy {
    /// Of hard bounces.
    pub hard: u32,
    /// Of soft ones.
    pub soft: SoftLimit,
    /// Of complaints.
    pub complaint: u32,
}

impl Default for BouncePolicy {
    /// One of those that are clear; five soft ones within 30 days.
    fn default() -> BouncePolicy {
        let soft = SoftLimit { count: 5, within: Duration::from_secs(30 * 86_400) };
        BouncePolicy { hard: 1, soft, complaint: 1 }
    }
}

/// So many within a time: `5 in 30d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SoftLimit {
    /// How many.
    pub count: u32,
    /// Within what time.
    pub within: Duration,
}

/// It is not of the form `5 in 30d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a number of soft bounces is written \"5 in 30d\"")]
pub struct SoftLimitError;

impl FromStr for SoftLimit {
    type Err = SoftLimitError;

    fn from_str(text: &str) -> Result<SoftLimit, SoftLimitError> {
        let (count, within) = text.split_once(" in ").ok_or(SoftLimitError)?;
        let count = count.trim().parse().ok().filter(|count| (1..=1_000).contains(count));
        let within = duration::read(within).ok().filter(|within| !within.is_zero());
        count.zip(within).map(|(count, within)| SoftLimit { count, within }).ok_or(SoftLimitError)
    }
}

impl fmt::Display for SoftLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let within = self.within.try_into().unwrap_or_default();
        write!(f, "{} within {}", self.count, duration::spelled(within))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_a_number_and_a_time() {
        let limit: SoftLimit = "5 in 30d".parse().unwrap();
        assert_eq!(limit, BouncePolicy::default().soft);
        assert_eq!(limit.to_string(), "5 within 30 days");
        assert_eq!("3 in 12h".parse::<SoftLimit>().unwrap().count, 3);
        for wrong in ["5", "5 in", "0 in 30d", "five in 30d", "5 in 30", "5 in 0s", "30d in 5"] {
            assert!(wrong.parse::<SoftLimit>().is_err(), "{wrong}");
        }
    }
}
