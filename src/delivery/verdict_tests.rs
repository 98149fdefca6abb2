//! The table of `docs/ledger.md`, read there and held row by row.

use super::*;
use crate::smtp::outcome::{of_reply, without_reply};
use crate::smtp::reply::EnhancedCode;

const DOCUMENT: &str = include_str!("../../docs/ledger.md");
const HEAD: &str = "\n| Heard | At | Before | Row | Comes back | Slows down | Counts as |\n";

const NOW: Moment = Moment(1_762_437_600_000);
const HOUR: Duration = Duration::from_secs(3_600);

/// `550 5.1.1 no such user`.
fn reply(line: &str) -> Reply {
    let (code, rest) = line.split_once(' ').unwrap_or((line, ""));
    let (first, behind) = rest.split_once(' ').unwrap_or((rest, ""));
    let numbers: Vec<u16> = first.split('.').filter_map(|part| part.parse().ok()).collect();
    let (enhanced, text) = match numbers[..] {
        [class, subject, detail] => {
            let class = u8::try_from(class).unwrap();
            (Some(EnhancedCode { class, subject, detail }), behind)
        }
        _ => (None, rest),
    };
    Reply { code: code.parse().unwrap(), enhanced, text: text.to_owned() }
}

fn stage(word: &str) -> Stage {
    match word {
        "MAIL" => Stage::Mail,
        "RCPT" => Stage::Rcpt,
        "DATA" => Stage::Data,
        "text" => Stage::Body,
        "dot" => Stage::Dot,
        other => panic!("{other} is no stage"),
    }
}

fn outcome(heard: &str, at: &str) -> Outcome {
    match heard {
        "nothing" => without_reply(stage(at), false),
        "garbage" => without_reply(stage(at), true),
        line => of_reply(stage(at), reply(line.trim_matches('`'))).unwrap(),
    }
}

/// What the `Before` column says: sessions that the row ended, tries, or nothing.
fn attempt(before: &str) -> Attempt {
    let attempt =
        Attempt { row: RowId(7), earlier: Earlier::default(), ends: 0, first: true, now: NOW };
    match before {
        "" => attempt,
        "others were answered" => Attempt { first: false, ..attempt },
        "ended 1 session" => Attempt { ends: 1, ..attempt },
        "ended 2 sessions" => Attempt { ends: 2, ..attempt },
        "3 tries in 25 h" | "3 tries in 73 h" => {
            let hours = before[11..13].parse::<u32>().unwrap();
            let first = Some(NOW.minus(hours * HOUR));
            let earlier = Earlier { attempts: 3, charged: 3, first, ..Earlier::default() };
            Attempt { earlier, ..attempt }
        }
        other => panic!("{other} is nothing that was before"),
    }
}

/// Row, Comes back, Slows down, Counts as: in the words of the document.
fn words(verdict: &Verdict) -> [String; 4] {
    let (row, back) = match &verdict.becomes {
        Becomes::Next => ("queue".to_owned(), "next".to_owned()),
        Becomes::Behind => ("queue".to_owned(), "behind the others".to_owned()),
        Becomes::Settled { state, retry, .. } => {
            let back = match retry {
                None if *state == State::Deferred => "next run".to_owned(),
                None => String::new(),
                Some(retry) => {
                    let minutes = retry.next.since(NOW).as_secs() / 60;
                    // A fifth more by chance.
                    let planned =
                        [5, 10, 15, 20].into_iter().find(|m| (*m..=m * 6 / 5).contains(&minutes));
                    let free = if retry.charged { "" } else { ", not charged" };
                    format!("{} min{free}", planned.unwrap())
                }
            };
            (format!("`{state}`"), back)
        }
    };
    let slows = match verdict.slows {
        None => "",
        Some(Slows::Relay) => "relay",
        Some(Slows::Domain) => "domain",
    };
    let counts = match verdict.counts_as {
        CountsAs::Nothing => "",
        CountsAs::Accepted => "accepted",
        CountsAs::Later => "put off",
        CountsAs::OwnRefusal => "their own",
        CountsAs::Refused(About::Us) => "about us",
        CountsAs::Refused(_) => "open",
        CountsAs::TimeOver(Waited::ForSomebody) => "time over",
        CountsAs::TimeOver(Waited::ForTheServer) => "time over, server",
        CountsAs::TimeOver(Waited::TooLong) => "time over, too long",
        CountsAs::AtMail => "sender or message",
        CountsAs::RateAtMail => "rate",
        CountsAs::PolicyAtMail => "rate, perhaps",
        CountsAs::Ended => "ended session",
    };
    [row, back, slows.to_owned(), counts.to_owned()]
}

#[test]
fn each_row_of_the_table_in_the_document_is_what_happens() {
    let table = DOCUMENT.split(HEAD).nth(1).expect("the table");
    let rows: Vec<Vec<&str>> = table
        .lines()
        .skip(1)
        .take_while(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    assert!(rows.len() > 25, "{} rows", rows.len());
    for row in rows {
        let [heard, at, before, expected @ ..] = &row[..] else { panic!("{row:?}") };
        let verdict = verdict(&outcome(heard, at), &attempt(before), &Schedule::default());
        assert_eq!(words(&verdict)[..], *expected, "{row:?}");
    }
}

#[test]
fn the_stage_is_kept_where_a_relay_may_have_a_copy() {
    let kept = |heard: &str, at: &str| {
        verdict(&outcome(heard, at), &attempt(""), &Schedule::default()).stage
    };
    assert_eq!(kept("450 4.2.1 busy", "RCPT"), Some(Stage::Rcpt));
    assert_eq!(kept("451 4.3.0 not now", "dot"), Some(Stage::Dot));
    assert_eq!(kept("454 4.7.1 Relay access denied", "RCPT"), Some(Stage::Rcpt));
    assert_eq!(kept("nothing", "dot"), Some(Stage::Dot));
    for (heard, at) in [
        ("554 5.7.1 spam", "dot"),
        ("550 5.1.1 no", "RCPT"),
        ("nothing", "text"),
        ("250 ok", "dot"),
    ] {
        assert_eq!(kept(heard, at), None, "{heard} at {at}");
    }
}

#[test]
fn whoever_is_given_up_keeps_the_last_reply() {
    let outcome = outcome("450 4.2.1 busy", "RCPT");
    let verdict = verdict(&outcome, &attempt("3 tries in 25 h"), &Schedule::default());
    let Becomes::Settled { text, .. } = verdict.becomes else { panic!("{verdict:?}") };
    assert_eq!(text, "given up after 25 h: busy");
}

#[test]
fn who_is_tried_again_is_not_called_given_up() {
    for heard in ["451 4.3.0 not now", "454 4.7.1 not now"] {
        let outcome = outcome(heard, "RCPT");
        let verdict = verdict(&outcome, &attempt("3 tries in 25 h"), &Schedule::default());
        let Becomes::Settled { state, text, .. } = verdict.becomes else { panic!("{verdict:?}") };
        assert_eq!((state, text.as_str()), (State::Deferred, "put off for 25 h: not now"));
    }
}
