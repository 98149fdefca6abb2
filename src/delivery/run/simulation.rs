//! Relays that limit what they take, each in its own way, and a run that sends to them: the real
//! pacing, driven by simulated time. For tests only; never opens a connection.
//!
//! An answer takes its time, connections are few, and timers have the grain that real ones have.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::time::Duration;

use super::lanes::LaneOptions;
use super::pacing::{Next, Pacing, Whose};
use crate::delivery::id::RowId;
use crate::delivery::ledger::Claimed;
use crate::delivery::ledger::claim::Earlier;
use crate::message::address::Address;
use crate::message::recipient::Recipient;

/// Rows of one claim.
const CLAIM: usize = 200;
/// Rows of slow lanes that are passed over, at most: the rest of the list is not looked at.
const ASIDE: usize = 20_000;

/// Numbers that look random, the same for the same seed (SplitMix64).
pub(super) struct Chance(pub(super) u64);

impl Chance {
    /// From 0 to 1.
    pub(super) fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// One limit. Times are seconds.
#[derive(Clone, Debug)]
pub(super) enum Limit {
    /// So many a second, and a burst after a rest.
    Bucket { per_second: f64, burst: f64, tokens: f64, last: f64 },
    /// So many in a window that begins when the one before is over; whether refusals count.
    Fixed { messages: u32, window: f64, since: f64, count: u32, refusals_count: bool },
    /// So many in any window.
    Sliding { messages: usize, window: f64, times: VecDeque<f64> },
}

impl Limit {
    pub(super) fn bucket(per_second: f64, burst: f64) -> Limit {
        Limit::Bucket { per_second, burst, tokens: burst, last: 0.0 }
    }

    pub(super) fn fixed(messages: u32, window: f64) -> Limit {
        Limit::Fixed { messages, window, since: 0.0, count: 0, refusals_count: false }
    }

    /// As Postfix's anvil counts.
    pub(super) fn anvil(messages: u32, window: f64) -> Limit {
        Limit::Fixed { messages, window, since: 0.0, count: 0, refusals_count: true }
    }

    pub(super) fn sliding(messages: usize, window: f64) -> Limit {
        Limit::Sliding { messages, window, times: VecDeque::new() }
    }

    /// So many in so many seconds, from a rest on.
    fn most(&self, seconds: f64) -> f64 {
        match self {
            Limit::Bucket { per_second, burst, .. } => per_second * seconds + burst,
            Limit::Fixed { messages, window, .. } => {
                f64::from(*messages) * (seconds / window).ceil()
            }
            Limit::Sliding { messages, window, .. } => *messages as f64 * (seconds / window).ceil(),
        }
    }

    /// Whether there is room at `now`; counts nothing that is allowed.
    fn allows(&mut self, now: f64) -> bool {
        match self {
            Limit::Bucket { per_second, burst, tokens, last } => {
                *tokens = (*tokens + (now - *last) * *per_second).min(*burst);
                *last = now;
                *tokens >= 1.0
            }
            Limit::Fixed { messages, window, since, count, refusals_count } => {
                if now >= *since + *window {
                    (*since, *count) = (*since + ((now - *since) / *window).floor() * *window, 0);
                }
                let allowed = count < messages;
                *count += u32::from(!allowed && *refusals_count);
                allowed
            }
            Limit::Sliding { messages, window, times } => {
                while times.front().is_some_and(|time| *time + *window <= now) {
                    times.pop_front();
                }
                times.len() < *messages
            }
        }
    }

    fn count(&mut self, now: f64) {
        match self {
            Limit::Bucket { tokens, .. } => *tokens -= 1.0,
            Limit::Fixed { count, .. } => *count += 1,
            Limit::Sliding { times, .. } => times.push_back(now),
        }
    }
}

/// A relay.
#[derive(Clone, Debug, Default)]
pub(super) struct SimulatedRelay {
    /// For all messages, until when and what then.
    pub(super) whole: Option<Limit>,
    pub(super) until: Option<(f64, Option<Limit>)>,
    /// For each domain: every one, or those with a number below.
    pub(super) domain: Option<(usize, Limit)>,
    /// This part of all people is refused, at most so many times each, whatever the rate.
    pub(super) chance: (f64, u32),
    /// Everybody is refused in this time.
    pub(super) down: Option<(f64, f64)>,
    /// Says that it is the relay's limit.
    pub(super) says_so: bool,
    /// What it has counted so far.
    pub(super) domains: HashMap<usize, Limit>,
    pub(super) refused: HashMap<RowId, u32>,
}

impl SimulatedRelay {
    fn answer(&mut self, row: RowId, domain: usize, now: f64) -> Option<Whose> {
        if let Some((_, then)) = self.until.take_if(|(until, _)| now >= *until) {
            self.whole = then;
        }
        let relays = if self.says_so { Whose::Relay } else { Whose::RelayOrDomain };
        if self.down.is_some_and(|(from, to)| (from..to).contains(&now)) {
            return Some(relays);
        }
        let (part, times) = self.chance;
        let before = self.refused.get(&row).copied().unwrap_or(0);
        // Once or twice, and always for the same people.
        let mut chance = Chance(row.0 as u64);
        if chance.next() < part && before < 1 + (chance.next() * f64::from(times)) as u32 {
            *self.refused.entry(row).or_default() += 1;
            return Some(Whose::RelayOrDomain);
        }
        if self.whole.as_mut().is_some_and(|limit| !limit.allows(now)) {
            return Some(relays);
        }
        if let Some((below, limit)) = &self.domain
            && domain < *below
        {
            let limit = self.domains.entry(domain).or_insert_with(|| limit.clone());
            if !limit.allows(now) {
                return Some(Whose::RelayOrDomain);
            }
            limit.count(now);
        }
        if let Some(limit) = &mut self.whole {
            limit.count(now);
        }
        None
    }

    /// The least part of all answers that are refusals before every limit has been met once: one for
    /// each, and what is under way beside the first.
    pub(super) fn bound(&self, run: &Run) -> f64 {
        let below = self.domain.as_ref().map_or(0, |(below, _)| *below);
        let met = usize::from(self.whole.is_some()) + below.min(run.shares.len()) + run.slots - 1;
        met as f64 / (met as f64 + self.most(run.shares.len(), run.seconds))
    }

    /// How many it takes at most in so many seconds, of so many domains.
    pub(super) fn most(&self, domains: usize, seconds: f64) -> f64 {
        let whole = self.whole.as_ref().map_or(f64::INFINITY, |limit| limit.most(seconds));
        match &self.domain {
            Some((below, limit)) if *below >= domains => {
                whole.min(domains as f64 * limit.most(seconds))
            }
            _ => whole,
        }
    }
}

/// Who is sent to, and how.
#[derive(Clone, Debug)]
pub(super) struct Run {
    /// Each domain's share of the list.
    pub(super) shares: Vec<f64>,
    /// Messages under way at once.
    pub(super) slots: usize,
    /// From taking a message to its answer, and up to so much longer.
    pub(super) latency: (f64, f64),
    /// The list's length, and no message leaves after so many seconds.
    pub(super) messages: i64,
    pub(super) seconds: f64,
    /// After how long a refused recipient is tried again.
    pub(super) retry: Option<f64>,
    pub(super) limit: Option<&'static str>,
    pub(super) lanes: Vec<LaneOptions>,
    pub(super) seed: u64,
}

impl Default for Run {
    fn default() -> Run {
        Run {
            shares: vec![1.0; 50],
            slots: 8,
            latency: (0.002, 0.002),
            messages: i64::MAX,
            seconds: 60.0,
            retry: None,
            limit: None,
            lanes: Vec::new(),
            seed: 1,
        }
    }
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// When each message was accepted, and whose domain it was for.
    pub(super) accepted: Vec<(f64, usize)>,
    pub(super) refused: Vec<(f64, usize)>,
    /// Rows that nobody was asked for.
    pub(super) unasked: Vec<RowId>,
    /// When each message arrived.
    pub(super) arrived: Vec<f64>,
    /// When the last answer came.
    pub(super) end: f64,
}

impl Sent {
    /// Accepted in a second, from one time to another.
    pub(super) fn rate(&self, from: f64, to: f64) -> f64 {
        let within = |time: &&(f64, usize)| (from..to).contains(&time.0);
        self.accepted.iter().filter(within).count() as f64 / (to - from)
    }

    /// The part of all answers from a time on that are refusals.
    pub(super) fn refused_part(&self, from: f64) -> f64 {
        let count = |answers: &[(f64, usize)]| answers.iter().filter(|(at, _)| *at >= from).count();
        let (refused, accepted) = (count(&self.refused), count(&self.accepted));
        refused as f64 / (refused + accepted).max(1) as f64
    }

    /// The longest time in which nobody was accepted.
    pub(super) fn longest_gap(&self) -> f64 {
        gap(self.accepted.iter().map(|(time, _)| *time), self.end)
    }

    /// The same of one domain.
    pub(super) fn longest_gap_of(&self, domain: usize) -> f64 {
        let times = self.accepted.iter().filter(|(_, of)| *of == domain);
        gap(times.map(|(time, _)| *time), self.end)
    }

    /// How many arrived at most within so many seconds.
    pub(super) fn most_arrived_in(&self, seconds: f64) -> usize {
        let mut times = self.arrived.clone();
        times.sort_by(f64::total_cmp);
        let within = |at: usize| times.partition_point(|time| *time < times[at] + seconds) - at;
        (0..times.len()).map(within).max().unwrap_or(0)
    }
}

fn gap(times: impl Iterator<Item = f64>, end: f64) -> f64 {
    let (mut last, mut longest) = (0.0, 0.0_f64);
    for time in times.chain([end]) {
        longest = longest.max(time - last);
        last = time;
    }
    longest
}

/// A claimed row.
pub(super) fn row(number: i64, domain: &str) -> Claimed {
    let address = Address::parse(&format!("r{number}@{domain}")).unwrap();
    let (recipient, earlier) = (Recipient::new(address, [], []), Earlier::default());
    Claimed { row: RowId(number), revision: None, recipient, message_id: None, earlier }
}

enum Event {
    /// The slot looks for a row.
    Look(usize),
    /// Its text may leave, if it need not wait.
    Leave(usize, RowId),
    Arrive(usize, RowId),
    Answer(usize, RowId, Option<Whose>),
    /// A refused recipient is due.
    Due(RowId),
}

struct World<'a> {
    run: &'a Run,
    pacing: Pacing,
    events: BinaryHeap<(Reverse<u64>, Reverse<u64>)>,
    kinds: HashMap<u64, Event>,
    sequence: u64,
    now: f64,
    chance: Chance,
    /// When each slot looks again, as long as it has nothing to do.
    looks: Vec<Option<u64>>,
    /// Rows handed out.
    rows: HashMap<RowId, Claimed>,
    /// Rows that a claim left where they were, by domain.
    aside: Vec<VecDeque<RowId>>,
    due: VecDeque<RowId>,
    /// Recipients that come back.
    waiting_for: usize,
    next_row: i64,
    domains: HashMap<RowId, usize>,
    sent: Sent,
}

/// Sends to `relay`.
pub(super) fn send(run: &Run, mut relay: SimulatedRelay) -> Sent {
    let limit = run.limit.and_then(|limit| limit.parse().ok());
    let mut world = World {
        run,
        pacing: Pacing::new(limit, [None].into_iter(), &run.lanes),
        events: BinaryHeap::new(),
        kinds: HashMap::new(),
        sequence: 0,
        now: 0.0,
        chance: Chance(run.seed),
        looks: vec![None; run.slots],
        rows: HashMap::new(),
        aside: vec![VecDeque::new(); run.shares.len()],
        due: VecDeque::new(),
        waiting_for: 0,
        next_row: 0,
        domains: HashMap::new(),
        sent: Sent::default(),
    };
    (0..run.slots).for_each(|slot| world.look_in(slot, 0.0));
    while let Some((Reverse(at_ns), Reverse(number))) = world.events.pop() {
        let Some(event) = world.kinds.remove(&number) else { continue };
        world.now = at_ns as f64 / 1e9;
        match event {
            Event::Look(slot) => {
                world.looks[slot] = None;
                world.look(slot);
            }
            Event::Leave(slot, row) => world.leave(slot, row),
            Event::Arrive(slot, row) => {
                world.sent.arrived.push(world.now);
                let answer = relay.answer(row, world.domains[&row], world.now);
                let back = world.run.latency.0 / 2.0;
                world.after(back, Event::Answer(slot, row, answer));
            }
            Event::Answer(slot, row, answer) => world.answer(slot, row, answer),
            Event::Due(row) => {
                world.due.push_back(row);
                world.wake();
            }
        }
    }
    world.sent.end = world.now.min(run.seconds);
    world.sent
}

fn name(domain: usize) -> String {
    format!("d{domain}.example")
}

impl World<'_> {
    fn time(&self) -> Duration {
        Duration::from_secs_f64(self.now)
    }

    fn after(&mut self, seconds: f64, event: Event) -> u64 {
        self.sequence += 1;
        let at_ns = ((self.now + seconds) * 1e9) as u64;
        self.events.push((Reverse(at_ns), Reverse(self.sequence)));
        self.kinds.insert(self.sequence, event);
        self.sequence
    }

    fn look_in(&mut self, slot: usize, seconds: f64) {
        if let Some(before) = self.looks[slot].take() {
            self.kinds.remove(&before);
        }
        self.looks[slot] = Some(self.after(seconds, Event::Look(slot)));
    }

    /// Everybody who waits looks again.
    fn wake(&mut self) {
        for slot in 0..self.run.slots {
            if self.looks[slot].is_some() {
                self.look_in(slot, 0.000_02);
            }
        }
    }

    fn look(&mut self, slot: usize) {
        let done = self.next_row >= self.run.messages
            && self.rows.is_empty()
            && self.waiting_for == 0
            && self.pacing.lanes.is_empty();
        if self.now >= self.run.seconds || done {
            return;
        }
        loop {
            match self.pacing.next(0, self.time()) {
                None => return,
                Some(Next::Row(row)) => {
                    let number = row.row;
                    self.rows.insert(number, *row);
                    let (least, more) = self.run.latency;
                    let envelope = least / 4.0 + self.chance.next() * more;
                    self.after(envelope, Event::Leave(slot, number));
                    return;
                }
                Some(Next::Later(pause)) => {
                    if !self.claim() {
                        let seconds = pause.map_or(0.02, |pause| pause.as_secs_f64());
                        return self.look_in(slot, grain(seconds));
                    }
                }
                Some(Next::Shut(row, _)) => {
                    self.sent.unasked.push(row.row);
                }
                Some(Next::Paced(pause)) => {
                    return self.look_in(slot, grain(pause.as_secs_f64()));
                }
            }
        }
    }

    fn leave(&mut self, slot: usize, row: RowId) {
        match self.pacing.leave(row, self.time()) {
            Ok(()) => {
                self.pacing.left(row, self.time());
                self.after(self.run.latency.0 / 4.0, Event::Arrive(slot, row));
            }
            Err(wait) => {
                self.after(grain(wait.as_secs_f64()), Event::Leave(slot, row));
            }
        }
    }

    fn answer(&mut self, slot: usize, row: RowId, answer: Option<Whose>) {
        let (now, domain) = (self.time(), self.domains[&row]);
        if let Some(claimed) = self.rows.remove(&row) {
            match answer {
                None => {
                    self.pacing.accepted(&claimed, now);
                    self.sent.accepted.push((self.now, domain));
                }
                Some(whose) => {
                    self.pacing.refused(&claimed, whose, now);
                    self.sent.refused.push((self.now, domain));
                    if let Some(retry) = self.run.retry {
                        self.waiting_for += 1;
                        self.after(retry, Event::Due(row));
                    }
                }
            }
        }
        if self.pacing.settled(row, now) {
            self.wake();
        }
        self.look_in(slot, 0.0);
    }

    /// The first row of a domain that was passed over, or one behind all.
    fn aside_since(&self, domain: usize) -> i64 {
        self.aside[domain].front().map_or(i64::MAX, |row| row.0)
    }

    /// Claims rows; whether there were any.
    fn claim(&mut self) -> bool {
        let full = self.pacing.lanes.full();
        let is_full = |domain: usize| full.contains(&name(domain));
        let mut claimed = Vec::with_capacity(CLAIM);
        while claimed.len() < CLAIM
            && let Some(row) = self.due.pop_front()
        {
            self.waiting_for -= 1;
            claimed.push(row);
        }
        let again = claimed.len();
        // Rows come in their order, whoever they are for.
        let open: Vec<usize> = (0..self.aside.len()).filter(|domain| !is_full(*domain)).collect();
        while claimed.len() < CLAIM
            && let first = open.iter().min_by_key(|domain| self.aside_since(**domain))
            && let Some(row) = first.and_then(|domain| self.aside[*domain].pop_front())
        {
            claimed.push(row);
        }
        let total: f64 = self.run.shares.iter().sum();
        for _ in 0..CLAIM * 10 {
            let aside: usize = self.aside.iter().map(VecDeque::len).sum();
            if claimed.len() >= CLAIM || aside >= ASIDE || self.next_row >= self.run.messages {
                break;
            }
            self.next_row += 1;
            let mut at = Chance(self.next_row as u64 ^ 0xABCD).next() * total;
            let domain = self.run.shares.iter().position(|share| {
                at -= share;
                at < 0.0
            });
            let domain = domain.unwrap_or(0);
            let row = RowId(self.next_row);
            self.domains.insert(row, domain);
            if is_full(domain) {
                self.aside[domain].push_back(row);
            } else {
                claimed.push(row);
            }
        }
        for (at, number) in claimed.iter().enumerate() {
            let domain = self.domains[number];
            let mut row = row(number.0, &name(domain));
            row.earlier.deferred = at < again;
            self.pacing.lanes.add(row);
        }
        !claimed.is_empty()
    }
}

/// What a timer makes of so long a wait.
fn grain(seconds: f64) -> f64 {
    (seconds * 1000.0).floor() / 1000.0 + 0.001
}
