//! Probes: while nearly all is refused, one message at a time asks whether there is room again.
//!
//! One that is answered makes way for the next. One that hangs does too, after a while: its connection
//! may be silent for ten minutes, and nobody else should wait for that. Its answer, when it comes
//! after all, must not speak louder than that of a probe which left later.

use std::time::Duration;

use super::PROBE;
use super::phase::Paused;

/// Each pause between probes is so much longer than the one before.
const PROBE_FACTOR: f64 = 1.5;
/// How often to look again while a probe is on its way.
const LOOK: Duration = Duration::from_millis(20);
/// A probe waits no longer for answers to what left before.
const ANSWERS: Duration = Duration::from_secs(1);
/// Another probe goes first where one has had no answer for so long beyond the usual time. As long
/// as the longest pause between two probes: one that hangs costs no more than one that is refused.
/// Each time it is twice as long, because the other side may have become slow instead.
const UNANSWERED: Duration = PROBE.1;
/// No more probes than these hang at once: each may hold a connection that others could use.
const HANGING: u32 = 3;

impl Paused {
    /// How long it is from `now` until a probe may leave, where an answer usually takes `answer_s`
    /// seconds; `others` are on their way that left before.
    pub(super) fn wait(&self, now: Duration, answer_s: f64, others: bool) -> Duration {
        if let Some(left) = self.probe {
            let unanswered = UNANSWERED * 2_u32.pow(self.hanging.min(HANGING));
            let patience = unanswered + Duration::from_secs_f64(answer_s * 2.0);
            let is_last = self.hanging + 1 >= HANGING;
            return if is_last || now < left + patience { LOOK } else { Duration::ZERO };
        }
        let wait = self.next.saturating_sub(now);
        if others && now < self.since + ANSWERS { wait.max(LOOK) } else { wait }
    }

    /// A probe leaves.
    pub(super) fn take(&mut self, now: Duration) {
        self.hanging += u32::from(self.probe.is_some());
        (self.probe, self.latest) = (Some(now), now);
    }

    /// The message that left at `taken` was refused: the probe, or one that left before it.
    pub(super) fn refused(&mut self, taken: Duration, now: Duration) {
        self.refused += 1;
        self.last = self.last.max(taken);
        // Otherwise another one has gone first, and is under way.
        if self.probe.is_none_or(|probe| probe == taken) {
            self.pause = self.pause.mul_f64(PROBE_FACTOR).min(PROBE.1);
            self.next = now + self.pause;
            self.probe = None;
        }
    }

    /// The probe that left at `taken` has been answered, or never will be.
    pub(super) fn settled(&mut self, taken: Duration, now: Duration) {
        if self.probe == Some(taken) {
            // It told nothing.
            self.probe = None;
            self.next = now + self.pause;
        } else if taken < self.latest {
            self.hanging = self.hanging.saturating_sub(1);
        }
    }
}
