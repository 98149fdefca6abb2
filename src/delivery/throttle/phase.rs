//! What a throttle is doing at the moment, and what it counts meanwhile. Data only: what follows from
//! it is decided in the throttle.

use std::time::Duration;

#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Phase {
    /// Nothing is asked for.
    #[default]
    Free,
    Paused(Paused),
    Held(Held),
}

/// Nothing leaves but a probe.
#[derive(Clone, Copy, Debug)]
pub(super) struct Paused {
    pub(super) since: Duration,
    /// When the next probe may leave, and how long after it the one behind.
    pub(super) next: Duration,
    pub(super) pause: Duration,
    /// When the probe left that is on its way.
    pub(super) probe: Option<Duration>,
    /// When the last probe left, and how many before it have had no answer: nobody waits for them.
    pub(super) latest: Duration,
    pub(super) hanging: u32,
    /// How many were refused, and when the last of them left.
    pub(super) refused: u32,
    pub(super) last: Duration,
}

/// Messages leave at a rate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held {
    pub(super) per_second: f64,
    pub(super) next: Duration,
    /// The rate is being raised, and how often it has been.
    pub(super) raised: Option<usize>,
    /// The last rate of an attempt that was not refused.
    pub(super) passed: f64,
    pub(super) step: Step,
    /// Accepted since the last attempt.
    pub(super) accepted: u32,
    /// It is tried whether a lower rate helps, against this part that was refused.
    pub(super) tried: Option<f64>,
    /// Answers to what left at this rate or a higher one.
    pub(super) answers: u32,
    pub(super) refusals: u32,
    pub(super) steady: Steady,
}

/// Answers to what left while the rate was not being raised.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Steady {
    pub(super) accepted: u32,
    pub(super) refused: u32,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Step {
    pub(super) since: Duration,
    pub(super) taken: u32,
    pub(super) accepted: u32,
    pub(super) refused: u32,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cycle {
    pub(super) since: Duration,
    pub(super) accepted: u32,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) since: Duration,
    pub(super) answers: u32,
    pub(super) refused: u32,
    /// Refusals that are spread as they would be if the other side meant all messages.
    pub(super) spread: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Allowed {
    pub(super) per_second: f64,
    /// It may be as much: the probe that told it came late.
    pub(super) at_most: f64,
    pub(super) confirmed: bool,
}

impl Allowed {
    pub(super) fn new(per_second: f64, confirmed: bool) -> Allowed {
        Allowed { per_second, at_most: per_second, confirmed }
    }
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Unexplained {
    pub(super) times: u32,
    pub(super) answers: u32,
    pub(super) refusals: u32,
}
