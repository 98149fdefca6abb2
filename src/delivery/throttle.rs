//! How fast messages may leave while the other side asks for less: a model of what it allows, made
//! of nothing but its answers.
//!
//! A rate reply may mean a limit, or nothing: some servers give one to every twentieth person
//! whatever the rate. So one reply changes little. Answers that are nearly all refusals are a limit
//! that is used up: nothing leaves but a probe now and then, and when one is accepted, what was
//! accepted since the probe before, over the time that it took, is what the other side allows. From
//! there on messages leave a little slower than that; now and then, when enough have been accepted
//! to pay for it, a little faster, and then much faster, until a refusal. That refusal says again
//! that the limit is used up, so what was accepted since the one before is counted again: a few
//! messages say roughly what is allowed, and more say it better. Where a part is refused, and as
//! large a part at a lower rate, the refusals have nothing to do with the rate, and the earlier rate
//! is taken again.
//!
//! Pure: never knows a clock, a relay or a domain. Times are counted from the beginning of the run.

mod phase;
mod probe;

use std::time::Duration;

use phase::{Allowed, Cycle, Held, Paused, Phase, Steady, Step, Tally, Unexplained};

/// The part of what is allowed that is used between two attempts to get more.
const USED: f64 = 0.97;
/// How much faster each step of an attempt is than the one before; the last one again and again.
const STEPS: [f64; 7] = [1.03, 1.04, 1.06, 1.12, 1.25, 1.5, 2.0];
/// The same where it is not known yet what is allowed.
const FIRST_STEPS: [f64; 3] = [1.25, 1.5, 2.0];
/// A step takes so long at least, and so many messages.
const STEP: (Duration, u32) = (Duration::from_millis(250), 4);
const FIRST_STEP: (Duration, u32) = (Duration::from_millis(100), 3);
/// A message is enough for a step of this time.
const LONG_STEP: Duration = Duration::from_secs(2);
/// So many messages are accepted for each refusal that an attempt to get more has cost.
const ACCEPTED_FOR_A_REFUSAL: u32 = 200;
/// The same, at least and at most.
const ACCEPTED_BETWEEN: (u32, u32) = (80, 400);
/// A step sends at most so many messages more than the one before until its first answer comes: when
/// the step is too fast, that many are refused.
const UNDER_WAY: f64 = 3.0;
/// An estimate that so many messages were accepted for is tried again after this factor of them: a
/// rough one soon. A new one is tried again after this number.
const ACCEPTED_AGAIN: u32 = 2;
const ACCEPTED_FIRST: u32 = 16;
/// The part of a window that a step takes at least, and the windows between two attempts at most: a
/// window that is used up is over for long, and costs probes.
const WINDOW_STEPS: u32 = 20;
const WINDOWS_BETWEEN: u32 = 3;
/// Time between two attempts to get more, at least and at most.
const BETWEEN: (Duration, Duration) = (Duration::from_secs(3), Duration::from_secs(20));
/// What a raised rate has passed is believed up to this factor of what was known.
const CREEP: f64 = 1.1;
/// Where that was confirmed, it is at least this part of it, and a little more only where this
/// factor of it was passed.
const SINK: f64 = 0.985;
const CREEP_CONFIRMED: f64 = 1.01;
const MUCH: f64 = 1.2;
/// An estimate is firm that so many messages were accepted for.
const FIRM: u32 = 8;
/// Nothing is ever slower, in messages a second, but where all is refused.
const LEAST: f64 = 0.2;
/// Two estimates that differ by less agree.
const AGREE: f64 = 0.15;
/// A probe that came late makes an estimate too low. Where it may be too low by more than this factor,
/// nothing is made of that.
const VAGUE: f64 = 1.3;

/// Where nothing was accepted for so long, the limit is one of a window.
const WINDOW: Duration = Duration::from_millis(500);

/// The first probe comes so long after all answers are refusals, and the others at most so.
const PROBE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));
/// Where it is known when a probe is due, the next one follows after this part of the whole time.
const PROBE_PART: f64 = 0.04;
/// A probe that is due by what is known leaves so much earlier: what is known may be too little.
const EARLY: f64 = 1.15;
/// After so long, and so many probes, nothing more is expected: limits by the minute are over then.
const SHUT: (Duration, u32) = (Duration::from_secs(90), 10);
/// An answer counts towards the usual time as no more than this factor of it, and so many seconds:
/// one that hung for minutes says nothing about the others.
const USUAL: (f64, f64) = (4.0, 1.0);

/// Lateness up to this is made up.
const LATENESS: Duration = Duration::from_millis(50);

/// Evidence is a likelihood ratio: that of a limit that is used up, which refuses so large a part,
const USED_UP: f64 = 0.95;
/// against refusals by chance, which are at least this part when nothing has been slowed,
const CHANCE: f64 = 0.06;
/// and this part when something has.
const CHANCE_HELD: f64 = 0.04;
/// It is believed from here on.
const BELIEVED: f64 = 11.0;
const BELIEVED_HELD: f64 = 8.0;
/// The same for a rate that is being raised and is too high: that refuses so large a part,
const TOO_FAST: f64 = 0.5;
/// and is believed from here on.
const BELIEVED_RAISED: f64 = 4.0;
/// The same where it is known already what is allowed: the first refusal.
const BELIEVED_AGAIN: f64 = 2.0;
/// Where domains are known to have limits of their own, a refusal is so much more evidence.
const LIKELY: f64 = 2.0;
/// A refusal of somebody who was refused before is so much evidence.
const REPEATED: f64 = 0.25;
/// So many probes in a row that are refused are not refused by chance, if that is less likely.
const CERTAIN: f64 = 1e-5;
/// Refusals by chance are never taken for more than this part.
const MOST_CHANCE: f64 = 0.8;

/// A part that is refused is judged over so many answers, and so long a time, at least.
const JUDGED: (u32, Duration) = (100, Duration::from_secs(1));
const JUDGED_HELD: (u32, Duration) = (40, Duration::from_millis(200));
/// So many refusals are none.
const FEW: u32 = 3;
/// A part below this needs no explanation.
const NO_PART: f64 = 0.01;
/// While it is tried whether a lower rate helps, this part of what was accepted leaves, until so many
/// refusals are due, and so many answers have come, at least.
const TRIED: f64 = 0.9;
const TRIED_FOR: (f64, f64) = (8.0, 20.0);
/// Where everything was refused, no rate follows from what is left.
const MOST_BY_CHANCE: f64 = 0.95;
/// So many refusals at a rate that is held are too many, within so many answers; the rate is lowered
/// to this part of it at most.
const TOO_MANY: (u32, u32) = (2, 200);
const LOWERED: f64 = 0.7;
/// So many times in a row messages were held and refused again, some of them: it is not the rate.
const UNEXPLAINED: u32 = 3;

/// What is known of a rate reply besides that it came.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RateReply {
    /// Other domains get them as well, as far as that is asked.
    pub spread: bool,
    /// The same recipient has been deferred before: whoever is refused once is often refused twice,
    /// whatever the rate.
    pub repeated: bool,
    /// So many others, each of which may be meant instead.
    pub others: usize,
    /// The part of the answers for others, of late, that are rate replies.
    pub part: f64,
    /// It is known that there are limits of this kind.
    pub likely: bool,
    /// Such a part of all messages is refused at any rate, whoever they are for.
    pub chance: f64,
}

/// See the file's head.
#[derive(Clone, Debug, Default)]
pub struct Throttle {
    phase: Phase,
    /// When the phase or its rate changed: what left before says nothing about it.
    since: Duration,
    /// Messages that have left and not been answered.
    out: u32,
    /// From one refusal for a used-up limit to the next, and the one before with what was known
    /// then: a second refusal soon after the first belongs to it.
    cycle: Cycle,
    before: Option<(Cycle, Option<Allowed>)>,
    /// That a limit is used up, and that a raised rate is too high.
    evidence: f64,
    too_fast: f64,
    /// The part that is refused at any rate; what is known of it from elsewhere; and whether it was
    /// found by a lower rate that did not help.
    chance: f64,
    elsewhere: f64,
    proven: bool,
    tally: Tally,
    /// What is allowed, in messages a second, as far as it is known.
    allowed: Option<Allowed>,
    /// At least so much is, although all is refused at the moment.
    floor: f64,
    /// Refusals since the last attempt to get more began.
    spent: u32,
    unexplained: Unexplained,
    /// The part that was refused when a held rate was lowered, and what was allowed before.
    lowered: Option<f64>,
    earlier: f64,
    /// How long an answer takes, in seconds.
    answer_s: f64,
    /// So many messages were accepted for the estimate of what is allowed.
    based: u32,
    /// How long nothing was accepted the last time.
    closed: Duration,
    /// The time of the window that is allowed so much, if it is one.
    window: Duration,
}

/// The part that a rate that is too high refuses, where `chance` refuses another.
fn too_fast(chance: f64) -> f64 {
    (chance * 2.0).clamp(TOO_FAST, USED_UP)
}

fn seconds_between(from: Duration, to: Duration) -> f64 {
    to.saturating_sub(from).as_secs_f64().max(0.001)
}

impl Throttle {
    /// Nothing has been asked for; what is counted begins at `since`.
    pub fn new(since: Duration) -> Throttle {
        let (cycle, tally) = (Cycle { since, accepted: 0 }, Tally { since, ..Tally::default() });
        Throttle { cycle, tally, ..Throttle::default() }
    }

    /// Whether messages wait for what the other side asked for.
    pub fn is_slowed(&self) -> bool {
        !matches!(self.phase, Phase::Free)
    }

    /// When what is asked for changed: what left before says nothing about it.
    pub fn since(&self) -> Duration {
        self.since
    }

    /// Whether rate replies have come of late.
    pub fn is_suspected(&self) -> bool {
        self.is_slowed() || self.evidence > 0.0
    }

    /// Whether nothing leaves but a probe.
    pub fn is_paused(&self) -> bool {
        matches!(self.phase, Phase::Paused(_))
    }

    /// Whether everything has been refused for so long that it is not worth waiting for more: longer
    /// than the usual limits last.
    pub fn is_shut(&self, now: Duration) -> bool {
        let long = |paused: &Paused| now.saturating_sub(paused.since) >= SHUT.0;
        matches!(&self.phase, Phase::Paused(paused) if paused.refused >= SHUT.1 && long(paused))
    }

    /// Whether it is being tried how much more is allowed.
    pub fn is_raised(&self) -> bool {
        matches!(self.phase, Phase::Held(Held { raised: Some(_), .. }))
    }

    /// How many messages a second may leave; `None` for as many as can.
    pub fn per_second(&self) -> Option<f64> {
        match self.phase {
            Phase::Free => None,
            Phase::Paused(_) => Some(0.0),
            Phase::Held(held) => Some(held.per_second),
        }
    }

    /// How long it is from `now` until a message may leave, as far as it is known.
    pub fn wait(&self, now: Duration) -> Duration {
        match self.phase {
            Phase::Free => Duration::ZERO,
            Phase::Held(held) => held.next.saturating_sub(now),
            Phase::Paused(paused) => paused.wait(now, self.answer_s, self.out > 0),
        }
    }

    /// A message leaves.
    pub fn take(&mut self, now: Duration) {
        self.out += 1;
        match &mut self.phase {
            Phase::Free => {}
            Phase::Paused(paused) => paused.take(now),
            Phase::Held(held) => {
                let late = now.saturating_sub(LATENESS);
                let interval = Duration::from_secs_f64(1.0 / held.per_second);
                held.next = held.next.max(late) + interval;
                held.step.taken += 1;
            }
        }
    }

    /// A message that left at `taken` has been answered, or never will be. Say first what the answer
    /// was.
    pub fn settled(&mut self, taken: Duration, now: Duration) {
        self.out = self.out.saturating_sub(1);
        let since = self.since;
        if let Phase::Paused(paused) = &mut self.phase
            && taken >= since
        {
            paused.settled(taken, now);
        }
    }

    /// A message that left at `taken` was accepted.
    pub fn accepted(&mut self, taken: Duration, now: Duration) {
        if taken >= self.cycle.since {
            self.cycle.accepted += 1;
        }
        let took = seconds_between(taken, now).min(self.answer_s * USUAL.0 + USUAL.1);
        self.answer_s += (took - self.answer_s) / 8.0;
        if taken < self.since {
            return;
        }
        self.tally.answers += 1;
        let chance = self.believed_chance();
        self.evidence = (self.evidence + ((1.0 - USED_UP) / (1.0 - chance)).ln()).max(0.0);
        let part = too_fast(chance);
        self.too_fast = (self.too_fast + ((1.0 - part) / (1.0 - chance)).ln()).max(0.0);
        match &mut self.phase {
            Phase::Free => {}
            // What was refused later than this one left is the better news.
            Phase::Paused(paused) if paused.last > taken => return,
            Phase::Paused(_) => return self.reopen(taken),
            Phase::Held(held) => {
                held.answers += 1;
                held.accepted += 1;
                held.steady.accepted += 1;
                if held.steady.accepted >= TOO_MANY.1 {
                    held.steady = Steady::default();
                    self.lowered = None;
                }
                if taken >= held.step.since {
                    held.step.accepted += 1;
                }
                self.raise(now);
            }
        }
        self.judge(taken, now);
    }

    /// A message that left at `taken` got a rate reply.
    pub fn refused(&mut self, taken: Duration, now: Duration, reply: RateReply) {
        self.spent += 1;
        self.elsewhere = reply.chance;
        if taken < self.since {
            return;
        }
        let weight = if reply.repeated {
            REPEATED
        } else {
            self.tally.answers += 1;
            self.tally.refused += 1;
            self.tally.spread = reply.spread;
            1.0
        } / (1 + reply.others.min(3)) as f64;
        let weight = if reply.likely { weight * LIKELY } else { weight };
        let chance = self.believed_chance().max(reply.part.min(MOST_CHANCE));
        self.evidence += (USED_UP / chance).ln() * weight;
        self.too_fast += (too_fast(chance) / chance).ln() * weight;
        match &mut self.phase {
            Phase::Free if self.evidence >= BELIEVED => return self.pause(now),
            Phase::Free => {}
            Phase::Paused(paused) => {
                paused.refused(taken, now);
                if self.proven && self.chance.powi(paused.refused as i32) < CERTAIN {
                    (self.chance, self.proven) = (0.0, false);
                }
                return;
            }
            Phase::Held(_) => {
                if self.refused_while_held(taken, now, reply) {
                    return;
                }
            }
        }
        self.judge(taken, now);
    }

    /// A message got a rate reply while messages are held; whether something else has begun.
    fn refused_while_held(&mut self, taken: Duration, now: Duration, reply: RateReply) -> bool {
        let by_chance = self.known_chance() >= NO_PART;
        let confirmed = self.allowed.is_some_and(|allowed| allowed.confirmed);
        let Phase::Held(held) = &mut self.phase else { return false };
        held.answers += 1;
        held.refusals += 1;
        held.step.refused += 1;
        let raised = held.raised.is_some();
        if !raised && !by_chance {
            held.accepted = 0;
        }
        if self.evidence >= BELIEVED_HELD {
            self.pause(now);
            return true;
        }
        if !raised && held.tried.is_none() {
            if !by_chance && reply.spread && !reply.repeated {
                held.steady.refused += 1;
                if held.steady.refused >= TOO_MANY.0 && self.cycle.accepted >= FIRM * 2 {
                    self.too_many(taken, now);
                    return true;
                }
            }
            if self.proven && self.too_fast >= BELIEVED_HELD {
                self.proven = false;
                self.pause(now);
                return true;
            }
        }
        let believed = match (by_chance, confirmed) {
            (true, _) => BELIEVED_HELD,
            (false, true) => BELIEVED_AGAIN,
            (false, false) => BELIEVED_RAISED,
        };
        if raised && self.too_fast >= believed {
            self.lower(taken, now);
        }
        false
    }

    /// Forgets what looks like a limit: it was another's.
    pub fn acquit(&mut self, now: Duration) {
        if !self.is_slowed() {
            self.since = now;
            self.evidence = 0.0;
            self.tally = Tally { since: now, ..Tally::default() };
        }
    }

    /// The limit was another's: messages may leave as fast as they can.
    pub fn release(&mut self, now: Duration) {
        self.forget_chance();
        self.closed = Duration::ZERO;
        self.free(now);
    }

    /// The part that is refused at any rate.
    pub fn known_chance(&self) -> f64 {
        self.chance.max(self.elsewhere)
    }

    /// Forgets what may have been a limit.
    fn forget_chance(&mut self) {
        if !self.proven {
            self.chance = 0.0;
        }
    }

    fn believed_chance(&self) -> f64 {
        let least = match self.phase {
            Phase::Held(held) => {
                held.tried.map_or(CHANCE_HELD, |part| (part * 1.2).max(CHANCE_HELD))
            }
            _ => CHANCE,
        };
        (self.known_chance() * 1.5).clamp(least.min(MOST_CHANCE), MOST_CHANCE)
    }

    fn enter(&mut self, phase: Phase, now: Duration) {
        self.phase = phase;
        self.since = now;
        (self.evidence, self.too_fast) = (0.0, 0.0);
        self.tally = Tally { since: now, ..Tally::default() };
    }

    /// Nearly all is refused.
    fn pause(&mut self, now: Duration) {
        if let Phase::Held(Held { answers, refusals, per_second, .. }) = self.phase {
            let part = f64::from(refusals) / f64::from(answers.max(1));
            if (0.1..0.9).contains(&part) && answers >= 4 {
                self.unexplained.times += 1;
                self.unexplained.answers += answers;
                self.unexplained.refusals += refusals;
            } else if part < 0.1 {
                self.unexplained = Unexplained::default();
            }
            if self.unexplained.times >= UNEXPLAINED {
                let Unexplained { answers, refusals, .. } = std::mem::take(&mut self.unexplained);
                let part = f64::from(refusals) / f64::from(answers.max(1));
                if !self.proven {
                    return self.blame_chance(part, per_second, now);
                }
            }
        }
        self.forget_chance();
        let mut raised = self.is_raised();
        if self.cycle.accepted < FIRM
            && let Some((before, allowed)) = self.before.take()
        {
            raised = true;
            let accepted = before.accepted + self.cycle.accepted;
            self.cycle = Cycle { since: before.since, accepted };
            self.allowed = allowed;
        }
        // That more is not allowed does not mean that less is.
        let known = self.allowed.filter(|allowed| allowed.confirmed && raised);
        self.floor = known.map_or(0.0, |allowed| allowed.per_second);
        let first = now + PROBE.0;
        // Where it is known what is allowed, the next message may leave when it is earned.
        let earned = self.allowed.filter(|_| self.cycle.accepted >= FIRM).map(|allowed| {
            let earned = f64::from(self.cycle.accepted) / allowed.per_second / EARLY;
            self.cycle.since + Duration::from_secs_f64(earned.min(3600.0))
        });
        let next = earned.map_or(first, |earned| {
            earned.clamp(first, now + PROBE.1.max(self.window.max(self.closed) / 8))
        });
        // A probe that comes late by little against the whole spoils no estimate.
        let fine = next.saturating_sub(self.cycle.since).mul_f64(PROBE_PART);
        let pause = if earned.is_some() { fine.clamp(PROBE.0, PROBE.1) } else { PROBE.0 };
        let paused = Paused {
            since: now,
            next,
            pause,
            probe: None,
            latest: now,
            hanging: 0,
            refused: 0,
            last: now,
        };
        self.enter(Phase::Paused(paused), now);
    }

    /// A probe was accepted.
    fn reopen(&mut self, taken: Duration) {
        let Phase::Paused(Paused { refused, last, since: paused, .. }) = self.phase else { return };
        let Cycle { since, accepted } = self.cycle;
        let per_second = f64::from(accepted.max(1)) / seconds_between(since, taken);
        // What the probe needed to be accepted, if one message was saved up meanwhile.
        let earned = 1.0 / seconds_between(paused, taken);
        let per_second = match self.allowed {
            // Few messages say little.
            Some(known) if accepted < FIRM => per_second.max(known.per_second / 8.0),
            Some(_) => per_second,
            None if taken > paused + WINDOW => per_second,
            // What was accepted before was a burst that had been saved up.
            None if refused > 0 => per_second.min(earned),
            // The first probe may have come late: between the two.
            None => per_second.min((per_second * earned).sqrt()),
        };
        let per_second = per_second.max(self.floor);
        self.based = accepted;
        self.closed = taken.saturating_sub(paused);
        // The window began anew after the last probe that was refused, and before this one.
        let at_most = f64::from(accepted) / seconds_between(since, last);
        let window = taken > paused + WINDOW;
        let near = window && (per_second..per_second * VAGUE).contains(&at_most);
        let at_most = if near { at_most } else { per_second };
        self.learn(per_second, at_most, accepted >= FIRM * 2);
        let per_second = self.allowed.map_or(per_second, |allowed| allowed.per_second);
        if window {
            let confirmed = self.allowed.is_some_and(|allowed| allowed.confirmed);
            self.window = if confirmed { taken.saturating_sub(since) } else { Duration::ZERO };
        }
        self.before = None;
        self.hold(per_second * USED, None, taken);
        self.cycle = Cycle { since: taken, accepted: 0 };
    }

    /// At least so much is allowed, and at most so much. Two estimates that agree confirm each other,
    /// and the higher one is taken: that much was accepted.
    fn learn(&mut self, per_second: f64, at_most: f64, firm: bool) {
        let agrees = |known: Allowed| {
            per_second <= known.at_most * (1.0 + AGREE)
                && known.per_second * (1.0 - AGREE) <= at_most
        };
        let known = self.allowed.filter(|known| firm && agrees(*known));
        let confirmed = known.is_some();
        let per_second =
            known.map_or(per_second, |known| known.per_second.clamp(per_second, at_most));
        self.allowed = Some(Allowed { per_second, at_most, confirmed });
    }

    fn hold(&mut self, per_second: f64, tried: Option<f64>, now: Duration) {
        let held = Held {
            per_second: per_second.max(LEAST),
            next: now,
            raised: None,
            passed: 0.0,
            step: Step { since: now, ..Step::default() },
            accepted: 0,
            tried,
            answers: 0,
            refusals: 0,
            steady: Steady::default(),
        };
        self.enter(Phase::Held(held), now);
        if let Phase::Held(held) = &mut self.phase {
            held.next = now + Duration::from_secs_f64(1.0 / held.per_second);
        }
    }

    /// Such a part is refused at any rate.
    fn blame_chance(&mut self, part: f64, per_second: f64, now: Duration) {
        self.chance = part.min(MOST_CHANCE);
        let confirmed = self.earlier > 0.0;
        self.earlier = 0.0;
        self.allowed = Some(Allowed::new(per_second, confirmed));
        self.cycle = Cycle { since: now, accepted: 0 };
        self.hold(per_second, None, now);
    }

    fn free(&mut self, now: Duration) {
        // After a window that was used up, what leaves so fast may use up the next one: it is compared
        // with the one before then.
        if now > self.cycle.since + self.closed * 2 {
            self.allowed = None;
            self.cycle = Cycle { since: now, accepted: 0 };
        }
        self.window = Duration::ZERO;
        self.enter(Phase::Free, now);
    }

    /// A message was accepted while messages are held: perhaps there may be more.
    fn raise(&mut self, now: Duration) {
        let confirmed = self.allowed.is_some_and(|allowed| allowed.confirmed);
        let Phase::Held(held) = &mut self.phase else { return };
        if held.tried.is_some() {
            return;
        }
        let (steps, (time, messages)): (&[f64], _) =
            if confirmed { (&STEPS, STEP) } else { (&FIRST_STEPS, FIRST_STEP) };
        let raised = match held.raised {
            None => {
                let windows = self.window * WINDOWS_BETWEEN;
                let (least, most) = ACCEPTED_BETWEEN;
                let most = most.max((held.per_second * windows.as_secs_f64()) as u32);
                let paid = self.spent.saturating_mul(ACCEPTED_FOR_A_REFUSAL).clamp(least, most);
                let again = self.based.saturating_mul(ACCEPTED_AGAIN).max(ACCEPTED_FIRST);
                let (wanted, rest) =
                    if confirmed { (paid.min(again), BETWEEN.0) } else { (messages, time) };
                let age = now.saturating_sub(self.since);
                if (held.accepted < wanted && age < BETWEEN.1.max(windows)) || age < rest {
                    return;
                }
                self.spent = 0;
                held.passed = if held.step.refused == 0 { held.per_second } else { 0.0 };
                0
            }
            Some(raised) => {
                let time = time.max(self.window / WINDOW_STEPS);
                let enough = held.step.accepted >= messages
                    || (held.step.accepted > 0 && now >= held.step.since + LONG_STEP);
                if !enough || now < held.step.since + time {
                    return;
                }
                let used = f64::from(held.step.taken) / seconds_between(held.step.since, now);
                if used < held.per_second * 0.7 {
                    // Something else is slower.
                    if raised >= 3 {
                        return self.free(now);
                    }
                    held.step = Step { since: now, ..Step::default() };
                    return;
                }
                if held.step.refused == 0 {
                    held.passed = held.per_second;
                }
                raised + 1
            }
        };
        let faster = held.per_second * steps[raised.min(steps.len() - 1)];
        held.per_second = faster.min(held.per_second + UNDER_WAY / self.answer_s.max(0.001));
        held.raised = Some(raised);
        held.step = Step { since: now, ..Step::default() };
    }

    /// The rate has been raised too far.
    fn lower(&mut self, taken: Duration, now: Duration) {
        let Phase::Held(held) = self.phase else { return };
        let Some(allowed) = self.allowed else { return };
        self.too_fast = 0.0;
        self.forget_chance();
        let average = f64::from(self.cycle.accepted) / seconds_between(self.cycle.since, taken);
        let firm = self.cycle.accepted >= FIRM;
        // What was passed may have been saved up before.
        let passed = if allowed.confirmed {
            let much = held.passed > allowed.per_second * MUCH;
            let most = allowed.per_second * if much { CREEP_CONFIRMED } else { 1.0 };
            held.passed.clamp(allowed.per_second * SINK, most)
        } else {
            held.passed.min(allowed.per_second * CREEP)
        };
        let per_second = if firm {
            average.max(passed).min(held.per_second)
        } else {
            passed.max(allowed.per_second / CREEP)
        };
        self.go_on(per_second, now);
        if firm {
            self.before = Some((self.cycle, self.allowed));
            self.cycle = Cycle { since: now, accepted: 0 };
        }
        self.learn(per_second, per_second, firm || allowed.confirmed);
    }

    /// Some were refused although the rate is not being raised: what is allowed is a little less, or
    /// it has nothing to do with the rate.
    fn too_many(&mut self, taken: Duration, now: Duration) {
        let Phase::Held(held) = &mut self.phase else { return };
        let Steady { accepted, refused } = held.steady;
        let part = f64::from(refused) / f64::from(accepted + refused);
        if self.lowered.is_some_and(|before| part >= before / 2.0) {
            self.lowered = None;
            let accepted = held.per_second * (1.0 - part);
            return self.try_less(accepted, part, now);
        }
        if self.lowered.is_none() {
            self.earlier = self.allowed.map_or(0.0, |allowed| allowed.per_second);
        }
        self.lowered = Some(part);
        let counted = f64::from(self.cycle.accepted.saturating_sub(1));
        let average = counted / seconds_between(self.cycle.since, taken);
        let per_second = average.clamp(held.per_second * LOWERED, held.per_second);
        self.allowed = Some(Allowed::new(per_second, true));
        self.before = Some((self.cycle, self.allowed));
        self.go_on(per_second, now);
        self.cycle = Cycle { since: now, accepted: 0 };
    }

    /// Holds messages at what is allowed now, without an attempt to get more.
    fn go_on(&mut self, per_second: f64, now: Duration) {
        let Phase::Held(held) = &mut self.phase else { return };
        held.raised = None;
        held.steady = Steady::default();
        held.accepted = 0;
        held.per_second = per_second * USED;
        held.next = held.next.max(now + Duration::from_secs_f64(1.0 / held.per_second));
        held.step = Step { since: now, ..Step::default() };
        self.since = now;
        self.tally = Tally { since: now, ..Tally::default() };
        self.based = self.cycle.accepted;
    }

    /// Tries whether a lower rate helps where `part` was refused and so many were accepted a second.
    fn try_less(&mut self, accepted: f64, part: f64, now: Duration) {
        self.allowed = Some(Allowed::new(accepted, false));
        self.cycle = Cycle { since: now, accepted: 0 };
        self.hold(accepted * TRIED, Some(part), now);
    }

    /// Whether the part that is refused needs an explanation, or has found one.
    fn judge(&mut self, taken: Duration, now: Duration) {
        let Tally { since, answers, refused, spread } = self.tally;
        let tried = match self.phase {
            Phase::Held(held) => held.tried,
            _ => None,
        };
        let part = f64::from(refused) / f64::from(answers.max(1));
        let age = taken.saturating_sub(since);
        if let Some(before) = tried {
            if f64::from(answers) < (TRIED_FOR.0 / before).max(TRIED_FOR.1) || age < JUDGED_HELD.1 {
                return;
            }
            if part >= before / 2.0 && refused >= FEW {
                let Phase::Held(held) = self.phase else { return };
                self.proven = true;
                let earlier = (held.per_second / TRIED / (1.0 - before.min(MOST_BY_CHANCE)))
                    .max(self.earlier);
                return self.blame_chance(part, earlier, now);
            }
            let per_second = self.allowed.map_or(1.0, |allowed| allowed.per_second);
            self.allowed = Some(Allowed::new(per_second, true));
            self.cycle = Cycle { since: now, accepted: 0 };
            return self.hold(per_second * USED, None, now);
        }
        if self.is_raised() {
            return;
        }
        let (least, time) = if self.is_slowed() { JUDGED_HELD } else { JUDGED };
        if answers < least || age < time {
            return;
        }
        let (chance, n) = (self.known_chance().max(NO_PART), f64::from(answers));
        let by_chance = n * chance + 3.0 * (n * chance * (1.0 - chance)).sqrt() + 1.0;
        if f64::from(refused) > by_chance && refused >= FEW && spread {
            let accepted = f64::from(answers - refused) / seconds_between(since, taken);
            self.based = answers - refused;
            return self.try_less(accepted, part, now);
        }
        if answers >= JUDGED.0 && age >= JUDGED.1 {
            self.chance = self.chance.min(part);
            self.tally = Tally { since: now, ..Tally::default() };
            if !self.is_slowed() && now > self.cycle.since + self.closed * 2 {
                self.allowed = None;
                self.cycle = Cycle { since, accepted: answers - refused };
            }
        }
    }
}

#[cfg(test)]
#[path = "throttle_tests.rs"]
mod tests;
