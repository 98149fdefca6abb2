//! The table of docs/ledger.md: what the journal says, in which boot, and what the row becomes.

use super::*;
use crate::delivery::journal::JournalHead;

const NOW: &str = "2025-11-06T15:00:00Z";

fn outcome(row: i64, state: State) -> Settled {
    Settled {
        row: RowId(row),
        state,
        code: Some(250),
        enhanced: None,
        text: "said".to_owned(),
        at: "2025-11-06T14:00:00Z".to_owned(),
        message_id: format!("{row}@a"),
        retry: None,
        stage: None,
        unasked: false,
    }
}

fn head() -> JournalHead {
    JournalHead { boot: "here".to_owned(), run: RunId(7), token: "a1".to_owned(), recorded: 0 }
}

fn claim(row: i64) -> Claim {
    Claim { row: RowId(row), run: RunId(7), message_id: None, at: None, held: false }
}

/// Row 1 has an outcome, row 2 a dot, row 3 nothing.
fn journal() -> Left {
    Left {
        head: head(),
        last: 9,
        gap: false,
        open: HashMap::from([(RowId(2), "2@a".to_owned())]),
        settled: HashMap::from([(RowId(1), outcome(1, State::Accepted))]),
    }
}

/// The states of the rows 1, 2 and 3.
fn states(left: &Left, boot: &str) -> [State; 3] {
    let recovery = decide(left, &[claim(1), claim(2), claim(3)], boot, NOW);
    [1, 2, 3].map(RowId).map(|row| {
        let settled = recovery.settled.iter().find(|settled| settled.row == row);
        let free = recovery.free.contains(&row).then_some(State::Pending);
        settled.map(|settled| settled.state).or(free).unwrap()
    })
}

#[test]
fn what_a_row_becomes_by_the_journal_and_the_boot() {
    let gap = Left { gap: true, ..journal() };
    let other_run = Left { head: JournalHead { run: RunId(6), ..head() }, ..journal() };
    for (left, boot, expected) in [
        (journal(), "here", [State::Accepted, State::Uncertain, State::Pending]),
        (journal(), "another", [State::Accepted, State::Uncertain, State::Uncertain]),
        (journal(), "", [State::Accepted, State::Uncertain, State::Uncertain]),
        (gap, "here", [State::Accepted, State::Uncertain, State::Uncertain]),
        (other_run, "here", [State::Uncertain; 3]),
        (Left::default(), "here", [State::Uncertain; 3]),
    ] {
        assert_eq!(states(&left, boot), expected, "{left:?} in {boot:?}");
    }
}

#[test]
fn a_marked_row_keeps_the_message_id_of_its_mark() {
    let recovery = decide(&journal(), &[claim(2)], "here", NOW);
    assert_eq!(recovery.settled[0].message_id, "2@a");
}

// With the power the line that closed it went, and the mark of its next attempt.
#[test]
fn an_outcome_that_the_ledger_has_is_not_that_of_the_next_attempt() {
    let deferred = outcome(1, State::Deferred);
    let left = Left { settled: HashMap::from([(RowId(1), deferred.clone())]), ..journal() };
    let again = Claim { at: Some(deferred.at.clone()), ..claim(1) };
    let state = |boot| {
        let recovery = decide(&left, std::slice::from_ref(&again), boot, NOW);
        recovery.settled.first().map(|settled| settled.state)
    };
    assert_eq!(state("another"), Some(State::Uncertain));
    assert_eq!(state("here"), None);
}

fn known(state: State, run: Option<RunId>) -> Known {
    Known { state, run, at: None }
}

fn matches(left: Left, run: Option<KnownRun>, states: [Known; 2]) -> Option<bool> {
    let [one, two] = states;
    let known = HashMap::from([(RowId(1), one), (RowId(2), two)]);
    matching(left, run.as_ref(), &known).map(|left| left.gap)
}

fn run() -> KnownRun {
    KnownRun { token: "a1".to_owned(), boot: "here".to_owned(), journal_line: 9 }
}

#[test]
fn a_journal_fits_the_ledger_that_its_run_has_used() {
    let claimed = || [known(State::Claimed, Some(RunId(7))), known(State::Claimed, Some(RunId(7)))];
    assert_eq!(matches(journal(), Some(run()), claimed()), Some(false));
    let recorded = [known(State::Accepted, Some(RunId(7))), known(State::Claimed, Some(RunId(7)))];
    assert_eq!(matches(journal(), Some(run()), recorded), Some(false));
    // A later run has claimed them.
    let later = [known(State::Pending, Some(RunId(8))), known(State::Claimed, Some(RunId(8)))];
    assert_eq!(matches(journal(), Some(run()), later), Some(false));
}

#[test]
fn a_journal_that_ends_before_what_the_ledger_has_seen_of_it_is_not_whole() {
    let claimed = || [known(State::Claimed, Some(RunId(7))), known(State::Claimed, Some(RunId(7)))];
    let run = KnownRun { journal_line: 10, ..run() };
    assert_eq!(matches(journal(), Some(run), claimed()), Some(true));
}

#[test]
fn an_older_or_another_ledger_does_not_fit() {
    let claimed = || [known(State::Claimed, Some(RunId(7))), known(State::Claimed, Some(RunId(7)))];
    assert_eq!(matches(journal(), None, claimed()), None);
    let other = KnownRun { token: "b2".to_owned(), ..run() };
    assert_eq!(matches(journal(), Some(other), claimed()), None);
    // Copied before the row was claimed, or before the journal began anew.
    for states in [
        [known(State::Claimed, Some(RunId(7))), known(State::Pending, None)],
        [known(State::Pending, Some(RunId(7))), known(State::Claimed, Some(RunId(7)))],
        [known(State::Claimed, Some(RunId(7))), known(State::Deferred, Some(RunId(6)))],
    ] {
        assert_eq!(matches(journal(), Some(run()), states), None);
    }
    let fresh = Left { head: JournalHead { recorded: 12, ..head() }, last: 14, ..journal() };
    assert_eq!(matches(fresh, Some(run()), claimed()), None);
    assert!(matching(journal(), Some(&run()), &HashMap::new()).is_none(), "it has no such rows");
}

#[test]
fn a_journal_of_version_0_1_0_fits_by_number_and_boot() {
    let claimed = || [known(State::Claimed, Some(RunId(7))), known(State::Claimed, Some(RunId(7)))];
    let old =
        || Left { head: JournalHead { token: String::new(), ..head() }, last: 0, ..journal() };
    let run = |token: &str, boot: &str| {
        Some(KnownRun { token: token.to_owned(), boot: boot.to_owned(), journal_line: 0 })
    };
    assert_eq!(matches(old(), run("", "here"), claimed()), Some(false));
    assert_eq!(matches(old(), run("", "another"), claimed()), None);
    assert_eq!(matches(old(), run("a1", "here"), claimed()), None);
}

// The ledger was copied between the two attempts of one run.
#[test]
fn an_attempt_that_the_ledger_does_not_know_of_is_taken_from_the_journal() {
    let deferred = |at: Option<&str>| Known {
        at: at.map(str::to_owned),
        ..known(State::Deferred, Some(RunId(7)))
    };
    let rows = HashMap::from([
        (RowId(1), deferred(Some("2025-11-06T13:00:00Z"))),
        (RowId(2), deferred(None)),
    ]);
    let mut claims = tried_again(&journal(), &rows);
    claims.sort_by_key(|claim| claim.row);
    assert_eq!(claims.iter().map(|claim| claim.row).collect::<Vec<_>>(), [1, 2].map(RowId));
    let recovery = decide(&journal(), &claims, "here", NOW);
    let states: Vec<State> = recovery.settled.iter().map(|one| one.state).collect();
    assert_eq!(states, [State::Accepted, State::Uncertain]);
    // What it has is no news.
    let same = HashMap::from([(RowId(1), deferred(Some("2025-11-06T14:00:00Z")))]);
    assert!(tried_again(&journal(), &same).is_empty());
}

// Another machine has gone on without the journal, and then the one that has it comes back.
#[test]
fn what_another_machine_has_held_is_settled_by_the_journal() {
    let held = |row| Claim { held: true, at: Some(NOW.to_owned()), ..claim(row) };
    let of = |left: &Left, boot| {
        let recovery = decide(left, &[held(1), held(2), held(3)], boot, NOW);
        let settled: Vec<(i64, State)> =
            recovery.settled.iter().map(|one| (one.row.0, one.state)).collect();
        (settled, recovery.free)
    };
    let both = vec![(1, State::Accepted), (2, State::Uncertain)];
    assert_eq!(of(&journal(), "here"), (both.clone(), vec![RowId(3)]));
    // What was lost with the power stays uncertain.
    assert_eq!(of(&journal(), "another"), (both, Vec::new()));
    // It may have been tried again behind the line that the power has left.
    let deferred = HashMap::from([(RowId(1), outcome(1, State::Deferred))]);
    let deferred = Left { settled: deferred, ..journal() };
    assert_eq!(of(&deferred, "here").0[0], (1, State::Deferred));
    assert_eq!(of(&deferred, "another").0, [(2, State::Uncertain)]);
}

// `reconcile --not-found resend` on the other machine, whose log had not all of it.
#[test]
fn whom_the_journal_knows_to_have_the_issue_is_not_sent_to_once_more() {
    let waits = Known { at: Some(NOW.to_owned()), ..known(State::Pending, Some(RunId(7))) };
    let rows = || [waits.clone(), known(State::Claimed, Some(RunId(7)))];
    assert_eq!(matches(journal(), Some(run()), rows()), Some(false));
    let [one, two] = rows();
    let again = tried_again(&journal(), &HashMap::from([(RowId(1), one), (RowId(2), two)]));
    assert_eq!(again.iter().map(|claim| claim.row).collect::<Vec<_>>(), [RowId(1)]);
    // A later run has sent to them since: what it says stays.
    let later = known(State::Deferred, Some(RunId(8)));
    let later = HashMap::from([(RowId(1), later)]);
    assert!(tried_again(&journal(), &later).is_empty());
    assert_eq!(overtaken(&journal(), &later), 1);
}
