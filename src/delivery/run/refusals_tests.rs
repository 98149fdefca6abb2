//! What refusals come to, answer by answer.

use super::*;
use crate::delivery::ledger::claim::Earlier;
use crate::delivery::verdict::Waited;
use crate::message::address::Address;
use crate::message::recipient::Recipient;
use crate::smtp::outcome::{Scope, Stage};
use crate::smtp::reply::{EnhancedCode, Reply};

/// Row `number`, at this domain.
fn row(number: i64, domain: &str) -> Claimed {
    let address = Address::parse(&format!("r{number}@{domain}")).unwrap();
    let recipient = Recipient::new(address, [], []);
    let earlier = Earlier::default();
    Claimed { row: RowId(number), revision: None, recipient, message_id: None, earlier }
}

fn failure(text: &str) -> AttemptFailure {
    let enhanced = Some(EnhancedCode { class: 5, subject: 7, detail: 1 });
    let reply = Reply { code: 550, enhanced, text: text.to_owned() };
    let (stage, scope) = (Stage::Rcpt, Scope::Recipient);
    AttemptFailure { stage, scope, text: reply.to_string(), reply: Some(reply) }
}

/// Answers of the first relay: `+` accepted, `4` not now, `x` its own refusal, a letter from `a` on
/// a refusal with a text of its own. Row n is at domain n modulo `domains`. Gives the first row
/// that stopped the relay.
fn answers(refusals: &Refusals, domains: i64, line: &str) -> Option<i64> {
    let mut stopped = None;
    for (number, answer) in (1..).zip(line.chars()) {
        let row = row(number, &format!("d{}.example", number % domains));
        let failure = failure(&format!("reason {answer}"));
        let counts_as = match answer {
            '+' => CountsAs::Accepted,
            '4' => CountsAs::Later,
            'x' => CountsAs::OwnRefusal,
            '!' => CountsAs::Refused(About::Us),
            _ => CountsAs::Refused(About::Unclear),
        };
        if refusals.answered(0, &row, counts_as, Some(&failure)).is_some() {
            stopped.get_or_insert(number);
        }
    }
    stopped
}

/// Domains, answers, the row that stops the relay, who is refused, whether it is about us.
type Line = (i64, String, Option<i64>, &'static [i64], bool);

#[test]
fn each_line_of_answers_has_its_sum() {
    let accepted = |count| "+".repeat(count);
    let rows: [Line; 17] = [
        // Nobody was accepted: five of different domains stop it, one domain alone does not.
        (3, "abcde".to_owned(), Some(5), &[], true),
        (1, "abcdefgh".to_owned(), None, &[], true),
        (3, "a".to_owned(), None, &[], true),
        (3, "a4".to_owned(), None, &[], true),
        // Most were put off: it may be them.
        (3, "4444444a4444444b444c444d444e".to_owned(), None, &[], true),
        // A dead list says nothing against us.
        (3, "xxxxxxxxxx".to_owned(), None, &[], false),
        (3, "xxxxxaxx".to_owned(), None, &[], true),
        // Once others were accepted it was about them, before and after.
        (5, format!("abc{}", accepted(20)), None, &[1, 2, 3], false),
        (5, format!("{}a", accepted(20)), None, &[21], false),
        (3, "+a".to_owned(), None, &[2], false),
        // What speaks of us is never theirs.
        (5, format!("!{}", accepted(20)), None, &[], false),
        // In mid-run: alike, and most of the last answers.
        (5, format!("{}{}", accepted(30), "a".repeat(15)), Some(41), &[], true),
        (
            5,
            format!("{}a{}", accepted(30), "+a".repeat(15)),
            None,
            &[31, 33, 35, 37, 39, 41, 43, 45, 47, 49, 51, 53, 55, 57, 59, 61],
            false,
        ),
        (
            5,
            format!("{}{}", accepted(30), "abcdefghijklmno"),
            None,
            &[31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45],
            false,
        ),
        // What came long before is not meant by it.
        (5, format!("a{}{}", accepted(30), "b".repeat(15)), Some(42), &[1], true),
        // Too few to stop, and most at the end.
        (2, "+aaaa".to_owned(), None, &[], true),
        (2, "++aa".to_owned(), None, &[3, 4], false),
    ];
    for (domains, line, stopped, refused, about_us) in rows {
        let refusals = Refusals::new(1, false);
        assert_eq!(answers(&refusals, domains, &line), stopped, "{line}");
        let sum = refusals.end();
        let refused: Vec<RowId> = refused.iter().copied().map(RowId).collect();
        assert_eq!((sum.refused, sum.refusal.is_some()), (refused, about_us), "{line}");
    }
}

#[test]
fn a_domain_that_turns_nearly_everybody_away_is_left_alone_and_nobody_there_is_refused() {
    let refusals = Refusals::new(1, false);
    let kind = row(100, "kind.example");
    for number in 0..10 {
        let stern = row(number, "Stern.example");
        assert_eq!(refusals.against(0, &stern), None);
        assert_eq!(refusals.answered(0, &kind, CountsAs::Accepted, None), None);
        let failure = failure("blocked");
        let stopped =
            refusals.answered(0, &stern, CountsAs::Refused(About::Unclear), Some(&failure));
        assert_eq!(stopped, None);
    }
    let why = refusals.against(0, &row(11, "Stern.example")).unwrap();
    assert_eq!(
        why,
        "not asked: stern.example refused 10 of 10, the last reply was: 550 5.7.1 blocked"
    );
    assert_eq!(refusals.against(0, &kind), None);
    assert_eq!(refusals.end(), Sum::default());
}

#[test]
fn refusals_among_many_accepted_leave_a_domain_open() {
    let refusals = Refusals::new(1, false);
    let failure = failure("members only");
    for number in 0..20 {
        let row = |place: i64| row(3 * number + place, "mail.example");
        refusals.answered(0, &row(0), CountsAs::Refused(About::Unclear), Some(&failure));
        refusals.answered(0, &row(1), CountsAs::Accepted, None);
        refusals.answered(0, &row(2), CountsAs::OwnRefusal, None);
    }
    assert_eq!(refusals.against(0, &row(100, "mail.example")), None);
}

#[test]
fn a_relay_that_refuses_us_leaves_its_rows_to_another() {
    let refusals = Refusals::new(2, false);
    assert_eq!(answers(&refusals, 3, "abcde"), Some(5));
    assert!(refusals.is_refusing(0) && refusals.leaves_others(0) && !refusals.leaves_others(1));
    assert_eq!(refusals.release(0), [1, 2, 3, 4, 5].map(RowId));
    assert_eq!(refusals.answered(1, &row(1, "a.example"), CountsAs::Accepted, None), None);
    assert_eq!(refusals.end(), Sum::default());
}

#[test]
fn a_sender_that_is_refused_five_times_in_a_row_is_refused_by_the_relay() {
    let refusals = Refusals::new(1, false);
    let failure = failure("sender rejected");
    let at_mail = || refusals.answered(0, &row(1, "a.example"), CountsAs::AtMail, Some(&failure));
    for times in 1..=4 {
        assert_eq!(at_mail(), None, "{times}");
    }
    refusals.answered(0, &row(1, "a.example"), CountsAs::Accepted, None);
    for times in 1..=4 {
        assert_eq!(at_mail(), None, "{times}");
    }
    assert!(at_mail().is_some());
}

#[test]
fn sessions_that_only_end_close_a_domain_and_count_as_no_answer() {
    let refusals = Refusals::new(1, false);
    let failure = failure("gone");
    for number in 0..5 {
        let row = row(number, "a.example");
        assert_eq!(refusals.answered(0, &row, CountsAs::Ended, Some(&failure)), None);
    }
    assert!(refusals.against(0, &row(9, "a.example")).is_some());
    assert!(refusals.end().unanswered);
}

#[test]
fn who_is_refused_again_and_again_is_one_person() {
    let refusals = Refusals::new(1, false);
    let (us, unclear) = (CountsAs::Refused(About::Us), CountsAs::Refused(About::Unclear));
    let no = failure("go away");
    let answer = |number, counts_as| {
        let row = row(number, &format!("d{}.example", number % 2));
        refusals.answered(0, &row, counts_as, Some(&no))
    };
    for _ in 0..12 {
        for (number, counts_as) in [(1, us), (2, unclear), (3, CountsAs::Ended)] {
            assert_eq!(answer(number, counts_as), None);
        }
    }
    for domain in ["d0.example", "d1.example"] {
        assert_eq!(refusals.against(0, &row(9, domain)), None, "{domain}");
    }
    // The last answer of each is what is left at the end; row 1 was about us.
    for number in 10..40 {
        assert_eq!(answer(number, CountsAs::Accepted), None);
    }
    assert_eq!(refusals.end().refused, [RowId(2)]);
}

#[test]
fn who_was_refused_and_is_accepted_later_is_not_refused_in_the_end() {
    let refusals = Refusals::new(1, false);
    let no = failure("members only");
    for number in 1..=3 {
        let row = row(number, &format!("d{number}.example"));
        refusals.answered(0, &row, CountsAs::Refused(About::Unclear), Some(&no));
    }
    for number in 2..40 {
        let row = row(number, &format!("d{number}.example"));
        refusals.answered(0, &row, CountsAs::Accepted, None);
    }
    assert_eq!(refusals.end().refused, [RowId(1)]);
}

/// Answers of one relay to people whose time is over, at so many domains.
fn times_over(refusals: &Refusals, people: i64, domains: i64) -> Option<Refusal> {
    waited(refusals, people, domains, Waited::ForSomebody)
}

fn waited(refusals: &Refusals, people: i64, domains: i64, waited: Waited) -> Option<Refusal> {
    let later = failure("try later");
    (1..=people).fold(None, |stopped, number| {
        let row = row(number, &format!("d{}.example", number % domains));
        stopped.or(refusals.answered(0, &row, CountsAs::TimeOver(waited), Some(&later)))
    })
}

#[test]
fn a_time_that_is_over_is_the_persons_own_where_others_had_the_issue_before() {
    // People, domains, who had it before; who is refused, and whether it is about us.
    for (people, domains, is_had, refused, about_us) in [
        (1, 1, true, 1, false),
        // Several, and nobody beside them is served: it may be the relay that has no time.
        (2, 2, true, 0, false),
        (8, 1, true, 0, false),
        (5, 5, true, 0, false),
        (40, 7, true, 0, false),
        (12, 1, true, 0, false),
        (1, 1, false, 0, true),
        (5, 5, false, 0, true),
    ] {
        let refusals = Refusals::new(1, is_had);
        let stopped = times_over(&refusals, people, domains);
        assert_eq!(stopped.is_some(), !is_had && people >= 5, "{people} {domains} {is_had}");
        let sum = refusals.end();
        assert_eq!(
            (sum.refused.len(), sum.refusal.is_some(), sum.unanswered),
            (refused, about_us, false),
            "{people} at {domains}, {is_had}"
        );
    }
}

#[test]
fn a_server_out_of_order_keeps_even_one_and_nobody_waits_for_ever() {
    let (server, too_long) = (Waited::ForTheServer, Waited::TooLong);
    // People, why they waited, others accepted in this run; who is refused, and whether it says why.
    for (people, why, accepted, refused, told) in [
        (1, server, 0, 0, true),
        (40, server, 0, 0, true),
        (1, server, 30, 1, false),
        (2, too_long, 0, 2, false),
        (4, too_long, 0, 4, false),
        // So many are no matter of theirs, however long it takes.
        (5, too_long, 0, 0, true),
        (40, too_long, 0, 0, true),
        (2, Waited::ForSomebody, 30, 2, false),
    ] {
        let refusals = Refusals::new(1, true);
        for number in 100..100 + accepted {
            let row = row(number, &format!("d{}.example", number % 5));
            refusals.answered(0, &row, CountsAs::Accepted, None);
        }
        waited(&refusals, people, 3, why);
        let sum = refusals.end();
        let found = (sum.refused.len(), sum.refusal.is_some());
        assert_eq!(found, (refused, told), "{people} {why:?} {accepted}");
    }
}

#[test]
fn a_time_that_is_over_beside_a_refusal_leaves_both_open() {
    let refusals = Refusals::new(1, true);
    times_over(&refusals, 2, 2);
    let (denied, stranger) = (failure("denied"), row(7, "d7.example"));
    refusals.answered(0, &stranger, CountsAs::Refused(About::Us), Some(&denied));
    let sum = refusals.end();
    assert_eq!((sum.refused, sum.refusal.map(|why| why.reply)), (vec![], Some(said(&denied))));
}

#[test]
fn most_of_the_last_answers_stop_a_relay_that_puts_off_whoever_is_left() {
    let refusals = Refusals::new(1, true);
    for number in 100..130 {
        let row = row(number, &format!("d{}.example", number % 5));
        assert_eq!(refusals.answered(0, &row, CountsAs::Accepted, None), None);
    }
    let stopped = times_over(&refusals, 15, 5);
    assert_eq!(stopped.map(|why| why.reply), Some(said(&failure("try later"))));
    assert_eq!(refusals.end().refused, []);
}

#[test]
fn one_person_at_whom_a_relay_ends_its_sessions_is_no_relay_that_answers_to_nobody() {
    for (is_had, unanswered) in [(true, false), (false, true)] {
        let refusals = Refusals::new(1, is_had);
        let gone = failure("gone");
        for _ in 0..3 {
            refusals.answered(0, &row(1, "a.example"), CountsAs::Ended, Some(&gone));
        }
        assert_eq!(refusals.end().unanswered, unanswered);
    }
}

/// Who comes past MAIL shows that the relay lets people in, whatever becomes of them there, and whether
/// or not their time was over.
#[test]
fn a_relay_lets_nobody_in_as_long_as_nobody_comes_past_mail() {
    let at_mail = || AttemptFailure { stage: Stage::Mail, ..failure("too many messages") };
    let (rate, policy) = (CountsAs::RateAtMail, CountsAs::PolicyAtMail);
    for (put_off, other, at, told) in [
        (rate, None, Stage::Mail, true),
        (rate, Some(CountsAs::Later), Stage::Mail, true),
        (rate, Some(CountsAs::Later), Stage::Rcpt, false),
        (rate, Some(CountsAs::OwnRefusal), Stage::Rcpt, false),
        (rate, Some(CountsAs::Accepted), Stage::Dot, false),
        // It may mean a login that fails, and then it is none of theirs.
        (policy, Some(CountsAs::Later), Stage::Rcpt, true),
        (policy, Some(CountsAs::Accepted), Stage::Dot, false),
    ] {
        let refusals = Refusals::new(1, true);
        refusals.answered(0, &row(1, "a.example"), put_off, Some(&at_mail()));
        if let Some(other) = other {
            let failure = AttemptFailure { stage: at, ..failure("not now") };
            let failure = Some(&failure).filter(|_| other != CountsAs::Accepted);
            refusals.answered(0, &row(2, "b.example"), other, failure);
        }
        let refusal = refusals.end().refusal;
        assert_eq!(refusal.is_some(), told, "{put_off:?} beside {other:?} at {at:?}");
    }
}
