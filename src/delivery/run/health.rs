//! What the connections to one relay tell each other: that it fails and is left alone for a while,
//! that it wants fewer of them, how many messages it takes on one, that it cannot pipeline.
//!
//! [`Condition`] is pure, with times from the beginning of the run; [`Health`] shares one for each
//! relay and wakes those who wait.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::smtp::relay::Relay;

/// How long a relay that failed is left alone, at first and at most.
const COOL_DOWN: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(600));
/// How long a relay that wants fewer connections has its way before one more is tried.
const FEWER: Duration = Duration::from_secs(60);
/// So many sessions in a row that ended after the same number of messages tell a limit.
const SAME_ENDS: u32 = 2;

/// Why a connection has to wait, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    /// The relay fails.
    Failing(Duration),
    /// It wants no more connections than it has.
    Fewer(Duration),
}

/// One relay.
#[derive(Debug, Default)]
struct Condition {
    /// Connections that have a session or try to open one, and those that have one.
    busy: usize,
    open: usize,
    /// Until when it is left alone; whether one connection tries it since then.
    failing: Option<Duration>,
    probing: bool,
    /// How often it has failed since it last took a message.
    cooled: u32,
    /// So many connections at once, until then.
    fewer: Option<(usize, Duration)>,
    /// After how many messages the last sessions were ended, and how many of them in a row.
    ends: (u64, u32),
    lockstep: bool,
}

impl Condition {
    /// Whether a connection may try to open a session now; if so, it counts as busy.
    fn admit(&mut self, now: Duration) -> Result<(), Wait> {
        if let Some(until) = self.failing {
            if now < until {
                return Err(Wait::Failing(until - now));
            }
            if std::mem::replace(&mut self.probing, true) {
                return Err(Wait::Failing(COOL_DOWN.0));
            }
        } else if let Some((most, until)) = self.fewer
            && self.open > 0
            && self.busy >= most
        {
            if now < until {
                return Err(Wait::Fewer(until - now));
            }
            self.fewer = Some((most + 1, now + FEWER));
        }
        self.busy += 1;
        Ok(())
    }

    fn opened(&mut self) {
        self.open += 1;
        (self.failing, self.probing) = (None, false);
    }

    /// A session is over, or did not open. `carried` is how many messages it took.
    fn closed(&mut self, opened: bool, carried: u64) {
        self.busy = self.busy.saturating_sub(1);
        self.open = self.open.saturating_sub(usize::from(opened));
        if carried > 0 {
            self.cooled = 0;
        }
    }

    /// Whether the last failure is the relay's and not of one connection: nobody else has a session.
    fn fail(&mut self, now: Duration) -> bool {
        if self.open > 0 {
            return false;
        }
        // Siblings that fail meanwhile have nothing to add.
        if self.failing.is_none() || self.probing {
            let pause = (COOL_DOWN.0 * 2_u32.pow(self.cooled.min(8))).min(COOL_DOWN.1);
            self.failing = Some(now + pause);
            self.cooled += 1;
            self.probing = false;
        }
        true
    }

    fn want_fewer(&mut self, now: Duration) -> bool {
        if self.open > 0 {
            self.fewer = Some((self.open, now + FEWER));
        }
        self.open > 0
    }

    fn ended_after(&mut self, carried: u64) {
        let (last, times) = self.ends;
        if times < SAME_ENDS {
            self.ends = (carried, if last == carried { times + 1 } else { 1 });
        }
    }

    fn max_messages(&self) -> Option<u64> {
        let (messages, times) = self.ends;
        (times >= SAME_ENDS).then_some(messages)
    }
}

/// All relays of a run.
#[derive(Debug)]
pub(super) struct Health {
    relays: Mutex<Vec<Condition>>,
    started: Instant,
    pub(super) changed: Notify,
}

impl Health {
    pub(super) fn new(relays: usize) -> Health {
        let relays = (0..relays).map(|_| Condition::default()).collect();
        Health { relays: Mutex::new(relays), started: Instant::now(), changed: Notify::new() }
    }

    fn relays(&self) -> MutexGuard<'_, Vec<Condition>> {
        self.relays.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell<T>(&self, route: usize, what: impl FnOnce(&mut Condition, Duration) -> T) -> T {
        let told = what(&mut self.relays()[route], self.started.elapsed());
        self.changed.notify_waiters();
        told
    }

    /// See [`Condition::admit`]; wakes nobody.
    pub(super) fn admit(&self, route: usize) -> Result<(), Wait> {
        self.relays()[route].admit(self.started.elapsed())
    }

    /// A session has opened: whatever was wrong is over.
    pub(super) fn opened(&self, route: usize) {
        self.tell(route, |relay, _| relay.opened());
    }

    /// A session is over, or did not open.
    pub(super) fn closed(&self, route: usize, opened: bool, carried: u64) {
        self.tell(route, |relay, _| relay.closed(opened, carried));
    }

    /// Whether the connection that failed was the one that tries a relay after its cool-down.
    pub(super) fn is_probed(&self, route: usize) -> bool {
        self.relays()[route].probing
    }

    /// A connection has failed for good; whether the relay has, and is left alone for a while.
    pub(super) fn fail(&self, route: usize) -> bool {
        self.tell(route, Condition::fail)
    }

    /// The relay turned a connection away as one too many; whether it has others.
    pub(super) fn want_fewer(&self, route: usize) -> bool {
        self.tell(route, Condition::want_fewer)
    }

    /// The relay ended a session after so many messages.
    pub(super) fn ended_after(&self, route: usize, carried: u64) {
        self.tell(route, |relay, _| relay.ended_after(carried));
    }

    /// The relay's replies fell out of step.
    pub(super) fn cannot_pipeline(&self, route: usize) {
        self.tell(route, |relay, _| relay.lockstep = true);
    }

    /// The relay's options with what has been learnt of it.
    pub(super) fn adapted(&self, route: usize, relay: &Relay) -> Relay {
        let (mut adapted, relays) = (relay.clone(), self.relays());
        let known = relay.max_messages_per_connection();
        if let Some(most) =
            relays[route].max_messages().filter(|most| known.is_none_or(|k| *most < k))
        {
            adapted = adapted.with_max_messages_per_connection(most);
        }
        if relays[route].lockstep {
            adapted = adapted.without_pipelining();
        }
        adapted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn failing(wait: Result<(), Wait>) -> bool {
        matches!(wait, Err(Wait::Failing(_)))
    }

    #[test]
    fn a_relay_that_fails_is_left_alone_and_then_tried_by_one() {
        let mut relay = Condition::default();
        for _ in 0..3 {
            relay.admit(SECOND).unwrap();
        }
        relay.closed(false, 0);
        assert!(relay.fail(SECOND));
        relay.closed(false, 0);
        assert!(relay.fail(SECOND * 2), "a sibling that fails leaves as well");
        assert_eq!(relay.admit(SECOND * 2), Err(Wait::Failing(SECOND * 29)), "and adds nothing");
        relay.closed(false, 0);
        assert_eq!(relay.admit(SECOND * 31), Ok(()), "one tries it");
        assert!(failing(relay.admit(SECOND * 31)), "the others wait for the result");
        relay.closed(false, 0);
        assert!(relay.probing && relay.fail(SECOND * 32));
        assert_eq!(relay.admit(SECOND * 32), Err(Wait::Failing(SECOND * 60)), "longer each time");
        assert_eq!(relay.admit(SECOND * 92), Ok(()));
        relay.opened();
        assert_eq!(relay.admit(SECOND * 92), Ok(()), "it is back");
        relay.closed(true, 1);
        assert!(relay.fail(SECOND * 100));
        assert_eq!(relay.admit(SECOND * 100), Err(Wait::Failing(SECOND * 30)), "a new beginning");
    }

    #[test]
    fn a_connection_that_fails_beside_a_working_one_fails_alone() {
        let mut relay = Condition::default();
        relay.admit(SECOND).unwrap();
        relay.opened();
        relay.admit(SECOND).unwrap();
        relay.closed(false, 0);
        assert!(!relay.fail(SECOND));
        assert_eq!(relay.admit(SECOND), Ok(()));
    }

    #[test]
    fn a_relay_that_wants_fewer_connections_has_its_way_for_a_while() {
        let mut relay = Condition::default();
        for _ in 0..4 {
            relay.admit(SECOND).unwrap();
        }
        assert!(!relay.want_fewer(SECOND), "it has none: that is a failure");
        relay.opened();
        relay.opened();
        relay.closed(false, 0);
        assert!(relay.want_fewer(SECOND));
        relay.closed(false, 0);
        assert!(matches!(relay.admit(SECOND * 2), Err(Wait::Fewer(_))));
        assert_eq!(relay.admit(SECOND * 61), Ok(()), "one more is tried");
        assert!(matches!(relay.admit(SECOND * 61), Err(Wait::Fewer(_))));
        for opened in [true, true, false] {
            relay.closed(opened, 1);
        }
        assert_eq!(relay.admit(SECOND * 62), Ok(()), "without a session there is nothing to count");
    }

    #[test]
    fn the_same_end_twice_is_a_limit() {
        let mut relay = Condition::default();
        for carried in [3, 7, 3] {
            relay.ended_after(carried);
            assert_eq!(relay.max_messages(), None);
        }
        relay.ended_after(3);
        relay.ended_after(1);
        assert_eq!(relay.max_messages(), Some(3));
    }
}
