//! Which row may leave next, and when: the limits of the run, of its relays and of its lanes, and
//! what relays and domains ask for.
//!
//! A rate reply may be the relay's or the recipient's domain's, and often nobody says whose. Where
//! different domains get it alike, with nobody accepted in between, it is the relay's. Where a domain
//! that was refused is refused again while others are not, it is the domain's (`clusters`).
//! Pure: never knows a clock, a ledger or a connection. Times are counted from the beginning of the
//! run.

use std::collections::HashMap;
use std::time::Duration;

use super::clusters::Clusters;
use super::lanes::{LaneOptions, LaneReady, Lanes, domain};
use crate::delivery::id::RowId;
use crate::delivery::ledger::Claimed;
use crate::delivery::pace::{Pace, Rate};
use crate::delivery::throttle::{RateReply, Throttle};

/// Rate replies of one domain, without a message that it took in between, that speak against the
/// relay.
const VOTES: u32 = 2;
/// Where one domain has given more than this part of the rate replies, they are that domain's.
const MOST_OF_ONE: f64 = 0.6;
/// Rate replies of fewer domains are those domains'.
const DOMAINS: usize = 2;
/// Domains whose rate replies are told apart.
const VOTERS: usize = 4_096;

/// Why nobody else is asked where [`Throttle::is_shut`].
const TOO_MUCH: &str = "has put everybody off for more than a minute, and has taken none";

/// A relay with a connection asks for rows again and again, however slow it is; a pause of its pace
/// and a message under way are seen by themselves.
const ASKS_WITHIN: Duration = Duration::from_secs(60);

/// Whose rate reply it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// The relay's, for certain.
    Relay,
    /// The relay's or the recipient's domain's.
    RelayOrDomain,
}

/// What [`Pacing::next`] found.
pub(super) enum Next {
    /// This row may leave now.
    Row(Box<Claimed>),
    /// No lane has one; the first one does after this time, if time is what it waits for.
    Later(Option<Duration>),
    /// One is there, and may not leave for so long.
    Paced(Duration),
    /// This row is not to be sent in this run, and why: everything like it has been refused for long.
    Shut(Box<Claimed>, String),
}

/// See the file's head.
#[derive(Debug)]
pub(super) struct Pacing {
    pub(super) lanes: Lanes,
    /// The limit of the run.
    whole: Pace,
    relays: Vec<RelayPace>,
    /// Rows that have been handed out and not settled.
    out: HashMap<RowId, Out>,
}

#[derive(Debug, Default)]
struct RelayPace {
    pace: Pace,
    throttle: Throttle,
    votes: Votes,
    clusters: Clusters,
    /// When a connection to it last asked for a row.
    asked: Option<Duration>,
}

#[derive(Clone, Copy, Debug)]
struct Out {
    relay: usize,
    lane: usize,
    taken: Duration,
    /// When its text was let go, until it has left.
    leaving: Option<Duration>,
    answered: bool,
}

/// The rate replies of a relay by domain.
#[derive(Debug, Default)]
struct Votes {
    /// Since the domain last took a message.
    since_accepted: HashMap<String, u32>,
    all: HashMap<String, u32>,
    sum: u32,
}

impl Votes {
    /// Counts one; how many the domain has given since it took a message.
    fn add(&mut self, domain: &str) -> u32 {
        if self.all.len() >= VOTERS {
            *self = Votes::default();
        }
        self.sum += 1;
        *self.all.entry(domain.to_owned()).or_default() += 1;
        let count = self.since_accepted.entry(domain.to_owned()).or_default();
        *count += 1;
        *count
    }

    fn accepted(&mut self, row: &Claimed) {
        if !self.since_accepted.is_empty() {
            self.since_accepted.remove(&domain(row));
        }
        if self.sum > 1_000 {
            *self = Votes::default();
        }
    }

    /// Whether they come from many domains.
    fn are_spread(&self) -> bool {
        let most = self.all.values().max().copied().unwrap_or(0);
        self.all.len() >= DOMAINS && f64::from(most) <= f64::from(self.sum) * MOST_OF_ONE
    }
}

impl Pacing {
    pub(super) fn new(
        limit: Option<Rate>,
        relays: impl Iterator<Item = Option<Rate>>,
        lanes: &[LaneOptions],
    ) -> Pacing {
        let relay = |limit| RelayPace { pace: Pace::new(limit), ..RelayPace::default() };
        Pacing {
            lanes: Lanes::new(lanes),
            whole: Pace::new(limit),
            relays: relays.map(relay).collect(),
            out: HashMap::new(),
        }
    }

    /// The paces that have a limit, each with its domain if it is a lane's.
    pub(super) fn limited(&mut self) -> impl Iterator<Item = (Option<&str>, &mut Pace)> {
        let relays = self.relays.iter_mut().map(|relay| &mut relay.pace);
        let everybody = relays.chain([&mut self.whole]).map(|pace| (None, pace));
        let lanes = self.lanes.limited().map(|(domain, pace)| (Some(domain), pace));
        everybody.chain(lanes).filter(|(_, pace)| pace.limit().is_some())
    }

    /// Rows that have been handed out and not settled.
    pub(super) fn out(&self) -> usize {
        self.out.len()
    }

    /// The row for a connection to the `relay`th relay; `None` where there is no such relay.
    pub(super) fn next(&mut self, relay: usize, now: Duration) -> Option<Next> {
        let lane = match self.lanes.ready(now) {
            LaneReady::Lane(lane) => lane,
            LaneReady::Later(pause) => return Some(Next::Later(pause)),
        };
        if self.lanes.is_shut(lane, now) {
            let row = self.lanes.drop_out(lane)?;
            let why = format!("not asked: {} {TOO_MUCH}", domain(&row));
            return Some(Next::Shut(Box::new(row), why));
        }
        if let Some(own) = self.relays.get_mut(relay) {
            own.asked = Some(now);
        }
        if self.takes_nothing(relay, now) {
            let why = format!("not asked: the relay {TOO_MUCH}");
            return Some(Next::Shut(Box::new(self.lanes.drop_out(lane)?), why));
        }
        let own = self.relays.get_mut(relay)?;
        let pause = self.whole.wait(now).max(own.pace.wait(now)).max(own.throttle.wait(now));
        if !pause.is_zero() {
            return Some(Next::Paced(pause));
        }
        let row = self.lanes.take(lane, now)?;
        self.whole.take(now);
        own.pace.take(now);
        own.throttle.take(now);
        let out = Out { relay, lane, taken: now, leaving: None, answered: false };
        self.out.insert(row.row, out);
        Some(Next::Row(Box::new(row)))
    }

    /// Whether `relay` is shut, and no other one takes messages: each is shut too, or has no
    /// connection that asks for a row. One that cannot be reached must not hold people for the list's
    /// whole length.
    fn takes_nothing(&self, relay: usize, now: Duration) -> bool {
        if !self.relays.get(relay).is_some_and(|own| own.throttle.is_shut(now)) {
            return false;
        }
        let others = self.relays.iter().enumerate().filter(|(other, _)| *other != relay);
        let mut taking = others.filter(|(other, pace)| {
            let has_asked = pace.asked.is_some_and(|at| now.saturating_sub(at) < ASKS_WITHIN);
            let is_busy = || self.out.values().any(|out| out.relay == *other);
            !pace.throttle.is_shut(now)
                && (has_asked || !pace.pace.wait(now).is_zero() || is_busy())
        });
        taking.next().is_none()
    }

    /// Lets the text of a row go; otherwise how long it has to wait.
    ///
    /// # Errors
    /// The wait.
    pub(super) fn leave(&mut self, row: RowId, now: Duration) -> Result<(), Duration> {
        let Some(out) = self.out.get_mut(&row) else { return Ok(()) };
        let (relay, lane) = (&mut self.relays[out.relay].pace, self.lanes.pace(out.lane));
        let mut paces = [&mut self.whole, relay, lane];
        let wait = paces.iter().map(|pace| pace.wait_to_leave(now)).max();
        match wait {
            Some(wait) if !wait.is_zero() => return Err(wait),
            _ => paces.iter_mut().for_each(|pace| pace.leave(now)),
        }
        out.leaving = Some(now);
        Ok(())
    }

    /// The last byte of a row's text has left us.
    pub(super) fn left(&mut self, row: RowId, now: Duration) {
        let Some(out) = self.out.get_mut(&row) else { return };
        let Some(since) = out.leaving.take() else { return };
        let (relay, lane) = (&mut self.relays[out.relay].pace, self.lanes.pace(out.lane));
        [&mut self.whole, relay, lane].into_iter().for_each(|pace| pace.left(since, now));
    }

    /// A row was accepted.
    pub(super) fn accepted(&mut self, row: &Claimed, now: Duration) {
        let Some(out) = self.out.get_mut(&row.row).filter(|out| !out.answered) else { return };
        out.answered = true;
        let relay = &mut self.relays[out.relay];
        relay.votes.accepted(row);
        relay.clusters.add(domain(row), false, relay.throttle.known_chance());
        relay.throttle.accepted(out.taken, now);
        self.lanes.accepted(row, out.taken, now);
    }

    /// A row got a rate reply.
    pub(super) fn refused(&mut self, row: &Claimed, whose: Whose, now: Duration) {
        let Some(out) = self.out.get_mut(&row.row).filter(|out| !out.answered) else { return };
        out.answered = true;
        let (taken, relay) = (out.taken, &mut self.relays[out.relay]);
        let repeated = row.earlier.deferred;
        let chance = relay.throttle.known_chance();
        if !repeated {
            relay.clusters.add(domain(row), true, chance);
        }
        let held = relay.throttle.is_slowed() && !relay.throttle.is_paused();
        if held && relay.clusters.come_out() {
            relay.throttle.release(now);
        }
        let reply = RateReply { spread: true, repeated, ..RateReply::default() };
        if relay.clusters.are_believed() && whose != Whose::Relay {
            return self.lanes.refused(
                row,
                taken,
                now,
                RateReply { likely: true, chance, ..reply },
            );
        }
        if whose == Whose::Relay || relay.throttle.is_paused() {
            // While it is paused, what leaves is a probe, whoever it is for.
            return relay.throttle.refused(taken, now, reply);
        }
        let (slowed, raised) = (relay.throttle.is_slowed(), relay.throttle.is_raised());
        // Where a domain has been slowed and the relay has not, domains limit.
        let others_count = slowed || self.lanes.slowed() == 0;
        let part = relay.clusters.part_of_others(&domain(row)).filter(|_| others_count);
        let part = part.unwrap_or(0.0);
        let since = relay.throttle.since();
        let lane = self.lanes.throttle(row);
        let (lane_slowed, lane_raised) =
            lane.map_or((false, false), |lane| (lane.is_slowed(), lane.is_raised()));
        let votes = relay.votes.add(&domain(row));
        let spread = relay.votes.are_spread();
        // Where both have been slowed it is that one's whose rate is being raised.
        let lanes_own = lane_slowed && (!slowed || lane_raised || !raised);
        if votes <= VOTES && !lanes_own {
            let others = if slowed { 0 } else { self.lanes.slowed() };
            relay.throttle.refused(taken, now, RateReply { spread, others, ..reply });
        }
        if relay.throttle.since() != since {
            self.lanes.acquit(now);
            relay.votes = Votes::default();
        } else if lanes_own || (!lane_slowed && !raised && taken >= since) {
            let chance = relay.throttle.known_chance();
            self.lanes.refused(row, taken, now, RateReply { part, chance, ..reply });
        }
    }

    /// A row is settled or comes back; whether others may have waited for that.
    pub(super) fn settled(&mut self, row: RowId, now: Duration) -> bool {
        self.left(row, now);
        let Some(out) = self.out.remove(&row) else { return false };
        let relay = &mut self.relays[out.relay];
        relay.throttle.settled(out.taken, now);
        let waits = relay.throttle.is_slowed();
        self.lanes.settled(out.lane, out.taken, now) || waits
    }
}

#[cfg(test)]
#[path = "pacing_tests.rs"]
mod tests;
