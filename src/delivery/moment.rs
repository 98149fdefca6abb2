//! Moments as a run's clock counts them: the wall clock when the run began, and a steady one from
//! there on, so that a clock that is set in mid-run makes nobody due.
//!
//! Must never be compared with a count of anything else; a length of time is a `Duration`.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Moment(pub i64);

impl Moment {
    /// What a clock shows.
    pub fn at(time: Timestamp) -> Moment {
        Moment(time.as_millisecond())
    }

    /// A time of the ledger, RFC 3339.
    pub fn read(text: &str) -> Option<Moment> {
        text.parse().ok().map(Moment::at)
    }

    /// So much later.
    pub fn plus(self, time: Duration) -> Moment {
        Moment(self.0.saturating_add(millis(time)))
    }

    /// So much earlier.
    pub fn minus(self, time: Duration) -> Moment {
        Moment(self.0.saturating_sub(millis(time)))
    }

    /// How long after `earlier` it is; no time where it is before.
    pub fn since(self, earlier: Moment) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0).max(0).unsigned_abs())
    }
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}
