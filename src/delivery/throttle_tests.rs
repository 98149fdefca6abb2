//! What the model of what is allowed makes of single answers.

use super::*;

const REPLY: RateReply =
    RateReply { spread: true, repeated: false, others: 0, part: 0.0, likely: false, chance: 0.0 };

fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// A message that leaves and is answered at once.
fn refused(throttle: &mut Throttle, now: Duration) {
    throttle.take(now);
    throttle.refused(now, now, REPLY);
    throttle.settled(now, now);
}

fn accepted(throttle: &mut Throttle, now: Duration) {
    throttle.take(now);
    throttle.accepted(now, now);
    throttle.settled(now, now);
}

/// A hundred in a second, and then nothing but refusals.
fn used_up() -> Throttle {
    let mut throttle = Throttle::new(Duration::ZERO);
    (1..=100).for_each(|at| accepted(&mut throttle, ms(at * 10)));
    (1..=6).for_each(|at| refused(&mut throttle, ms(1_000 + at)));
    throttle
}

#[test]
fn estimates_agree_that_differ_because_a_probe_came_late() {
    let confirmed = |throttle: &Throttle| throttle.allowed.is_some_and(|allowed| allowed.confirmed);
    let mut throttle = Throttle::new(ms(0));
    throttle.learn(4.0, 4.8, true);
    assert!(!confirmed(&throttle), "one estimate alone");
    throttle.learn(5.0, 5.0, true);
    assert!(confirmed(&throttle));
    throttle.learn(4.0, 4.1, true);
    assert!(!confirmed(&throttle), "too far apart");
}

#[test]
fn a_few_refusals_among_many_change_nothing() {
    let mut throttle = Throttle::new(Duration::ZERO);
    for at in 0..400 {
        let now = ms(at * 10);
        if at % 40 == 20 {
            refused(&mut throttle, now)
        } else {
            accepted(&mut throttle, now)
        }
        assert!(!throttle.is_slowed(), "{at}");
    }
}

#[test]
fn while_all_is_refused_nothing_leaves_but_a_probe_and_less_and_less_often() {
    let mut throttle = used_up();
    assert!(throttle.is_paused() && throttle.wait(ms(1_007)) > Duration::ZERO);
    let (mut now, mut probes) = (ms(1_007), 0);
    while now < ms(11_000) {
        now += throttle.wait(now).max(ms(1));
        if throttle.wait(now).is_zero() {
            throttle.take(now);
            assert!(throttle.wait(now) > Duration::ZERO, "one at a time");
            throttle.refused(now, now + ms(1), REPLY);
            throttle.settled(now, now + ms(1));
            probes += 1;
        }
    }
    assert!((6..15).contains(&probes), "{probes}");
}

#[test]
fn what_was_accepted_since_the_last_time_is_the_rate_from_then_on() {
    let mut throttle = used_up();
    // A hundred in two seconds.
    accepted(&mut throttle, ms(2_000));
    let rate = throttle.per_second().unwrap();
    assert!((45.0..52.0).contains(&rate), "{rate}");
    throttle.take(ms(2_025));
    assert!((15..25).contains(&throttle.wait(ms(2_025)).as_millis()));
}

#[test]
fn answers_to_what_left_before_a_change_say_nothing_about_it() {
    let mut throttle = used_up();
    let before = throttle.per_second();
    for _ in 0..20 {
        throttle.refused(ms(990), ms(1_020), REPLY);
    }
    assert_eq!(throttle.per_second(), before);
    throttle.accepted(ms(990), ms(1_030));
    assert!(throttle.is_paused());
}

#[test]
fn who_was_refused_before_and_is_again_says_little() {
    let mut throttle = Throttle::new(Duration::ZERO);
    (1..=100).for_each(|at| accepted(&mut throttle, ms(at * 10)));
    for at in 1..=6 {
        let now = ms(1_000 + at);
        throttle.take(now);
        throttle.refused(now, now, RateReply { repeated: true, ..REPLY });
        throttle.settled(now, now);
    }
    assert!(!throttle.is_slowed());
}

#[test]
fn an_unanswered_probe_is_followed_by_another() {
    let mut throttle = used_up();
    throttle.take(ms(1_100));
    throttle.settled(ms(1_100), ms(1_200));
    assert!(throttle.wait(ms(1_200)) > Duration::ZERO);
    assert_eq!(throttle.wait(ms(1_320)), Duration::ZERO);
}

/// Probes at each moment at which one may leave from a second on, in so many seconds; none has an
/// answer.
fn hanging_probes(throttle: &mut Throttle, seconds: u64) -> Vec<Duration> {
    let mut probes = Vec::new();
    for at in 1_100..1_100 + seconds * 1_000 {
        if throttle.wait(ms(at)).is_zero() {
            throttle.take(ms(at));
            probes.push(ms(at));
        }
    }
    probes
}

#[test]
fn a_probe_that_hangs_lets_another_go_first_and_a_few_at_most_hang() {
    let mut throttle = used_up();
    let probes = hanging_probes(&mut throttle, 300);
    let seconds: Vec<u64> = probes.iter().map(Duration::as_secs).collect();
    assert_eq!(seconds, [1, 6, 16]);
    // One of their connections has timed out.
    throttle.settled(probes[0], ms(301_200));
    assert!(throttle.wait(ms(301_300)).is_zero());
}

#[test]
fn where_answers_take_long_a_probe_is_waited_for_longer() {
    let mut throttle = used_up();
    throttle.answer_s = 10.0;
    let seconds: Vec<u64> =
        hanging_probes(&mut throttle, 100).iter().map(Duration::as_secs).collect();
    assert_eq!(seconds, [1, 26, 56]);
}

#[test]
fn a_late_answer_to_a_probe_does_no_harm() {
    // Nothing else is known yet: the one that left later may be refused or not.
    let mut throttle = used_up();
    let probes = hanging_probes(&mut throttle, 8);
    throttle.accepted(probes[0], ms(9_000));
    throttle.settled(probes[0], ms(9_000));
    let mut prompt = used_up();
    accepted(&mut prompt, probes[0]);
    let rate = prompt.per_second();
    assert_eq!(throttle.per_second(), rate, "as if the answer had come at once");
    throttle.accepted(probes[1], ms(9_100));
    throttle.settled(probes[1], ms(9_100));
    assert_eq!(throttle.per_second(), rate);

    // A later one was refused meanwhile.
    let mut throttle = used_up();
    let probes = hanging_probes(&mut throttle, 8);
    throttle.refused(probes[1], ms(9_000), REPLY);
    throttle.settled(probes[1], ms(9_000));
    let wait = throttle.wait(ms(9_000));
    throttle.accepted(probes[0], ms(9_010));
    throttle.settled(probes[0], ms(9_010));
    assert!(throttle.is_paused());
    assert_eq!(throttle.wait(ms(9_010)), wait - ms(10));

    // Late refusals neither make probes rarer nor bring two at once.
    let mut throttle = used_up();
    let probes = hanging_probes(&mut throttle, 8);
    throttle.refused(probes[0], ms(9_000), REPLY);
    throttle.settled(probes[0], ms(9_000));
    assert!(!throttle.wait(ms(9_060)).is_zero(), "the other one is on its way");
    throttle.accepted(probes[1], ms(9_100));
    assert!(!throttle.is_paused());

    // What hung for minutes is not the usual time of an answer.
    let mut throttle = used_up();
    let probes = hanging_probes(&mut throttle, 1);
    throttle.accepted(probes[0], ms(400_000));
    assert!(throttle.answer_s < 0.5, "{}", throttle.answer_s);
}
