//! Rows that wait for a connection, by lane: a domain that is slow holds up nobody else.
//!
//! Domains without a limit share one lane. A domain gets its own by `[lane."…"]`, or when it asks
//! for a lower rate, and goes on asking. Lanes take turns. Holds rows and counts only; never waits.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use crate::delivery::ledger::Claimed;
use crate::delivery::pace::{Pace, Rate};
use crate::delivery::throttle::{RateReply, Throttle};

/// Rows of one lane that are kept at hand; beyond that the domain is left out of claims.
const AT_HAND: usize = 200;

/// A lane whose turn comes so soon is as good as ready.
const NEAR: Duration = Duration::from_millis(50);

/// Domains without a lane whose answers are counted: a list may have any number. The large ones are
/// met early.
const COUNTED: usize = 4_096;

/// What a recipient domain may get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaneOptions {
    /// The domain, in lower case.
    pub domain: String,
    /// How fast at most.
    pub limit: Option<Rate>,
    /// How many messages at once at most.
    pub connections: Option<usize>,
}

/// See the file's head.
#[derive(Debug)]
pub(super) struct Lanes {
    /// The first is everybody's.
    lanes: Vec<Lane>,
    by_domain: HashMap<String, usize>,
    /// The answers of domains without a lane.
    counted: HashMap<String, Throttle>,
    /// The lane that is asked first.
    turn: usize,
}

#[derive(Debug, Default)]
struct Lane {
    domain: String,
    rows: VecDeque<Claimed>,
    pace: Pace,
    throttle: Throttle,
    out: usize,
    connections: Option<usize>,
}

impl Lane {
    fn wait(&self, now: Duration) -> Duration {
        if self.throttle.is_shut(now) {
            return Duration::ZERO;
        }
        self.pace.wait(now).max(self.throttle.wait(now))
    }
}

/// What [`Lanes::ready`] found.
pub(super) enum LaneReady {
    /// This lane has a row that may go now.
    Lane(usize),
    /// None has; the first one is ready after this time, if time is what it waits for.
    Later(Option<Duration>),
}

pub(super) fn domain(row: &Claimed) -> String {
    row.recipient.address().domain().to_lowercase()
}

impl Lanes {
    pub(super) fn new(options: &[LaneOptions]) -> Lanes {
        let mut lanes = Lanes {
            lanes: vec![Lane::default()],
            by_domain: HashMap::new(),
            counted: HashMap::new(),
            turn: 0,
        };
        for LaneOptions { domain, limit, connections } in options {
            let lane = lanes.open(domain.clone());
            lanes.lanes[lane].pace = Pace::new(*limit);
            lanes.lanes[lane].connections = *connections;
        }
        lanes
    }

    /// The paces that have a limit, each with its domain.
    pub(super) fn limited(&mut self) -> impl Iterator<Item = (&str, &mut Pace)> {
        let lanes = self.lanes.iter_mut().skip(1);
        let all = lanes.map(|lane| (lane.domain.as_str(), &mut lane.pace));
        all.filter(|(_, pace)| pace.limit().is_some())
    }

    fn open(&mut self, domain: String) -> usize {
        if let Some(lane) = self.by_domain.get(&domain) {
            return *lane;
        }
        let lane = self.lanes.len();
        self.by_domain.insert(domain.clone(), lane);
        self.lanes.push(Lane { domain, ..Lane::default() });
        lane
    }

    fn of(&self, row: &Claimed) -> usize {
        if self.by_domain.is_empty() {
            return 0;
        }
        self.by_domain.get(&domain(row)).copied().unwrap_or(0)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lanes.iter().all(|lane| lane.rows.is_empty())
    }

    pub(super) fn add(&mut self, row: Claimed) {
        let lane = self.of(&row);
        self.lanes[lane].rows.push_back(row);
    }

    /// A row that was handed out comes back, to be the next.
    pub(super) fn give_back(&mut self, row: Claimed) {
        let lane = self.of(&row);
        self.lanes[lane].rows.push_front(row);
    }

    /// A row that was handed out comes back, to be the last.
    pub(super) fn put_back(&mut self, row: Claimed) {
        let lane = self.of(&row);
        self.lanes[lane].rows.push_back(row);
    }

    /// The pace of a lane.
    pub(super) fn pace(&mut self, lane: usize) -> &mut Pace {
        &mut self.lanes[lane].pace
    }

    /// A row that `lane` handed out at `taken` is settled or comes back; whether a row of its lane
    /// may have waited for that.
    pub(super) fn settled(&mut self, lane: usize, taken: Duration, now: Duration) -> bool {
        let lane = &mut self.lanes[lane];
        lane.out = lane.out.saturating_sub(1);
        lane.throttle.settled(taken, now);
        (lane.connections.is_some() || lane.throttle.is_slowed()) && !lane.rows.is_empty()
    }

    /// The lane whose turn it is, of those that may go at `now`.
    pub(super) fn ready(&self, now: Duration) -> LaneReady {
        let mut pause: Option<Duration> = None;
        let count = self.lanes.len();
        for at in (self.turn..self.turn + count).map(|at| at % count) {
            let lane = &self.lanes[at];
            if lane.rows.is_empty() || lane.connections.is_some_and(|most| lane.out >= most) {
                continue;
            }
            let wait = lane.wait(now);
            if wait.is_zero() {
                return LaneReady::Lane(at);
            }
            pause = Some(pause.map_or(wait, |pause| pause.min(wait)));
        }
        LaneReady::Later(pause)
    }

    /// The rows that are likely to be taken next, at most `most`, a few of each lane. Of a lane
    /// that is slow only the one whose time has come or is near.
    pub(super) fn coming(&self, most: usize, now: Duration) -> Vec<&Claimed> {
        let mut coming = Vec::with_capacity(most);
        let share = |lane: &&Lane| match lane.wait(now) {
            pause if pause > NEAR => 0,
            _ if lane.pace.is_limited() || lane.throttle.is_slowed() => 1,
            _ => lane.connections.unwrap_or(most).min(most),
        };
        let shares: Vec<_> = self.lanes.iter().map(|lane| (lane, share(&lane))).collect();
        for depth in 0..most {
            let before = coming.len();
            let deep = shares.iter().filter(|(_, share)| *share > depth);
            let rows = deep.filter_map(|(lane, _)| lane.rows.get(depth));
            coming.extend(rows.take(most - before));
            if coming.len() == before || coming.len() == most {
                break;
            }
        }
        coming
    }

    /// Takes the next row of a lane that is ready; then it is the next lane's turn.
    pub(super) fn take(&mut self, lane: usize, now: Duration) -> Option<Claimed> {
        self.turn = (lane + 1) % self.lanes.len();
        let lane = &mut self.lanes[lane];
        let row = lane.rows.pop_front()?;
        lane.pace.take(now);
        lane.throttle.take(now);
        lane.out += 1;
        Some(row)
    }

    /// Whether the domain of a lane has taken nothing for long; see [`Throttle::is_shut`].
    pub(super) fn is_shut(&self, lane: usize, now: Duration) -> bool {
        self.lanes[lane].throttle.is_shut(now)
    }

    /// Takes the next row of a lane for somebody who will not send it.
    pub(super) fn drop_out(&mut self, lane: usize) -> Option<Claimed> {
        self.lanes[lane].rows.pop_front()
    }

    /// Takes a row that is the next of its lane and is not to be sent, whatever its lane waits for.
    pub(super) fn drop_next(&mut self, is_out: impl Fn(&Claimed) -> bool) -> Option<Claimed> {
        let lane = self.lanes.iter_mut().find(|lane| lane.rows.front().is_some_and(&is_out))?;
        lane.rows.pop_front()
    }

    /// The domains that have enough rows at hand.
    pub(super) fn full(&self) -> Vec<String> {
        let full = self.lanes.iter().skip(1).filter(|lane| lane.rows.len() >= AT_HAND);
        full.map(|lane| lane.domain.clone()).collect()
    }

    /// Whether a lane can use more rows.
    pub(super) fn is_low(&self, domain: &str) -> bool {
        let lane = self.by_domain.get(domain);
        lane.is_none_or(|lane| self.lanes[*lane].rows.len() < AT_HAND / 2)
    }

    /// What the domain of `row` asks for, where it has asked for anything.
    pub(super) fn throttle(&self, row: &Claimed) -> Option<&Throttle> {
        match self.of(row) {
            0 => self.counted.get(&domain(row)),
            lane => Some(&self.lanes[lane].throttle),
        }
    }

    /// A message to the domain of `row`, taken at `taken`, got a rate reply.
    pub(super) fn refused(
        &mut self,
        row: &Claimed,
        taken: Duration,
        now: Duration,
        reply: RateReply,
    ) {
        let lane = self.of(row);
        if lane > 0 {
            return self.lanes[lane].throttle.refused(taken, now, reply);
        }
        let domain = domain(row);
        if self.counted.len() >= COUNTED && !self.counted.contains_key(&domain) {
            self.counted.retain(|_, throttle| throttle.is_suspected());
        }
        let throttle = self.counted.entry(domain.clone()).or_insert_with(|| Throttle::new(taken));
        throttle.refused(taken, now, reply);
        if throttle.is_slowed()
            && let Some(throttle) = self.counted.remove(&domain)
        {
            let lane = self.open(domain);
            self.lanes[lane].throttle = throttle;
            let rows = std::mem::take(&mut self.lanes[0].rows);
            for row in rows {
                self.add(row);
            }
        }
    }

    /// A message to the domain of `row`, taken at `taken`, was accepted.
    pub(super) fn accepted(&mut self, row: &Claimed, taken: Duration, now: Duration) {
        let throttle = match self.of(row) {
            0 if self.counted.len() < COUNTED => {
                Some(self.counted.entry(domain(row)).or_insert_with(|| Throttle::new(taken)))
            }
            0 => self.counted.get_mut(&domain(row)),
            lane => Some(&mut self.lanes[lane].throttle),
        };
        if let Some(throttle) = throttle {
            throttle.accepted(taken, now);
        }
    }

    /// How many domains have been slowed down.
    pub(super) fn slowed(&self) -> usize {
        self.lanes.iter().filter(|lane| lane.throttle.is_slowed()).count()
    }

    /// It was the relay that asked for a lower rate, and no domain.
    pub(super) fn acquit(&mut self, now: Duration) {
        self.counted.values_mut().for_each(|throttle| throttle.acquit(now));
        self.lanes.iter_mut().for_each(|lane| lane.throttle.acquit(now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::run::simulation::row;

    fn next(lanes: &mut Lanes, now: Duration) -> Option<i64> {
        match lanes.ready(now) {
            LaneReady::Lane(lane) => lanes.take(lane, now).map(|row| row.row.0),
            LaneReady::Later(_) => None,
        }
    }

    fn reply() -> RateReply {
        RateReply { spread: true, ..RateReply::default() }
    }

    fn slow() -> LaneOptions {
        let limit = "1/second".parse().ok();
        LaneOptions { domain: "slow.example".to_owned(), limit, connections: None }
    }

    #[test]
    fn a_slow_lane_holds_up_nobody() {
        let mut lanes = Lanes::new(&[slow()]);
        for number in 0..10 {
            lanes.add(row(number, if number < 5 { "SLOW.example" } else { "fast.example" }));
        }
        let taken: Vec<i64> = std::iter::from_fn(|| next(&mut lanes, Duration::ZERO)).collect();
        assert_eq!(taken, [5, 0, 6, 7, 8, 9]);
        assert!(
            matches!(lanes.ready(Duration::ZERO), LaneReady::Later(Some(wait)) if wait.as_secs() == 1)
        );
        assert_eq!(next(&mut lanes, Duration::from_millis(1_005)), Some(1));
    }

    #[test]
    fn a_lane_takes_no_more_connections_than_it_may() {
        let options = LaneOptions { limit: None, connections: Some(2), ..slow() };
        let mut lanes = Lanes::new(&[options]);
        for number in 0..4 {
            lanes.add(row(number, "slow.example"));
        }
        let now = Duration::ZERO;
        let taken: Vec<i64> = std::iter::from_fn(|| next(&mut lanes, now)).collect();
        assert_eq!(taken, [0, 1]);
        assert!(matches!(lanes.ready(now), LaneReady::Later(None)));
        assert!(lanes.settled(1, now, now));
        assert_eq!(next(&mut lanes, now), Some(2));
    }

    #[test]
    fn a_domain_that_asks_for_it_gets_a_lane_of_its_own() {
        let mut lanes = Lanes::new(&[]);
        for number in 0..6 {
            lanes.add(row(number, if number % 2 == 0 { "busy.example" } else { "fast.example" }));
        }
        let now = Duration::ZERO;
        assert_eq!(next(&mut lanes, now), Some(0));
        lanes.refused(&row(0, "busy.example"), now, now, reply());
        assert_eq!(lanes.slowed(), 0, "one reply is none");
        (0..4).for_each(|_| lanes.refused(&row(0, "busy.example"), now, now, reply()));
        assert_eq!(lanes.slowed(), 1);
        lanes.settled(0, now, now);
        lanes.give_back(row(0, "busy.example"));
        let taken: Vec<i64> = std::iter::from_fn(|| next(&mut lanes, now)).collect();
        assert_eq!(taken, [1, 3, 5]);
        assert_eq!(next(&mut lanes, Duration::from_secs(60)), Some(0));
    }

    #[test]
    fn a_lane_with_enough_rows_is_left_out_of_claims() {
        let mut lanes = Lanes::new(&[slow()]);
        for number in 0..AT_HAND as i64 {
            assert!(lanes.full().is_empty());
            lanes.add(row(number, "slow.example"));
        }
        assert_eq!(lanes.full(), ["slow.example"]);
        assert!(!lanes.is_low("slow.example"));
    }
}
