//! After the last message: the outcome of all, in words, as JSON and as an exit code.

use std::ffi::OsStr;
use std::path::Path;

use sejong_digest::delivery::duration;
use sejong_digest::delivery::ledger::overview::{Counts, Listed};
use sejong_digest::delivery::run::Ended;
use sejong_digest::delivery::send::report::{AllRefused, Excerpt, SendReport, UncertainPeople};
use sejong_digest::delivery::state::State;
use sejong_digest::diagnostic::counted;
use serde::Serialize;

use super::options::{PlanOptions, SettleCommands};
use super::window::Window;
use crate::cmd::failure::{Ending, Exit, Failure};
use crate::cmd::files::quoted;
use crate::cmd::{print, receipts};

/// The object that `send --json` ends with. The names are relied on by scripts.
#[derive(Serialize)]
struct Line<'a> {
    issue: &'a str,
    content_hash: &'a str,
    #[serde(flatten)]
    counts: Counts,
    elapsed_s: f64,
    messages_per_s: f64,
    this_send: Counts,
    not_chosen: u64,
    /// Why not all of the end stands in the ledger.
    #[serde(skip_serializing_if = "Option::is_none")]
    not_recorded: Option<&'a str>,
}

/// Tells all of it, and says how the command ends.
pub(super) fn tell(report: &SendReport, window: &Window, options: &PlanOptions) -> Ending {
    for trouble in &report.failed_relays {
        let advice = trouble.advice();
        print::note(&format!(
            "{trouble}; its share was left to the other relays. Before the next send: {advice}"
        ));
    }
    report.troubles.iter().for_each(list);
    if report.troubles.iter().any(|excerpt| excerpt.more) {
        print::note(&format!("`digest status {} --missed` names all of them", report.issue));
    }
    if report.withdrawn > 0 {
        print::note(&format!(
            "sending once more was not tried for {}, and nothing has changed for them; the same \
             command tries it",
            counted(report.withdrawn, "recipient")
        ));
    }
    if report.leaving > 0 {
        print::note(&of_leaving(report));
    }
    if report.outside > 0 && options.send.only.is_some() {
        let were = if report.outside == 1 { "was" } else { "were" };
        print::note(&format!("{} in the list {were} not chosen with --only", report.outside));
    }
    if let Some(except) = &options.except {
        print::note(&format!(
            "--except {} held for this command only: without it, the next send of {} sends to the \
             people in that file as well, if they are in the list",
            quoted(&except.display().to_string()),
            report.issue
        ));
    }
    if let Some(fate) = &report.receipt {
        receipts::kept(fate).iter().for_each(|kept| print::note(kept));
        print::note(&receipts::fate(fate));
    }
    let is_over = matches!(report.ended, None | Some(Ended::Done));
    if let Some(unsaid) = report.unsaid.as_ref().filter(|_| !is_over) {
        print::note(&format!("not all of the end of this send is in the ledger: {unsaid}"));
    }
    if report.reckoned {
        print::note(&format!(
            "the ledger could not be asked at the end, or not be told all: these numbers are what the \
             journal says. When that is corrected, `digest status {}` has them too",
            report.issue
        ));
    }
    match options.json.then(|| in_json(report)).transpose()? {
        Some(line) => print::json(&line)?,
        None => print::words(&in_words(report))?,
    }
    ending(report, window, &options.settle).map_err(Failure::behind_an_answer)
}

/// The object of a send or plan that ended before there was anything to count.
#[derive(Serialize)]
struct ErrorLine<'a> {
    issue: &'a str,
    error: &'a str,
    help: Option<&'a str>,
}

/// Sees to it that a command with `--json` has printed one object, however it ends; `issue` is as
/// the command names it.
pub(in crate::cmd) fn in_one_object(ending: Ending, json: bool, issue: &str) -> Ending {
    if let Err(failure) = &ending
        && json
        && !failure.answered
    {
        // `.` has a name, too.
        let folder = Path::new(issue);
        let real = folder.file_name().is_none().then(|| folder.canonicalize().ok()).flatten();
        let name = real.as_deref().unwrap_or(folder).file_name().and_then(OsStr::to_str);
        let issue = name.unwrap_or(issue);
        let (error, help) = (failure.message.as_str(), failure.help.as_deref());
        let line = serde_json::to_string(&ErrorLine { issue, error, help })?;
        print::json(&format!("{line}\n"))?;
    }
    ending
}

/// People who were planned before and did not get it: the exit code does not tell.
fn of_leaving(report: &SendReport) -> String {
    let people = counted(report.leaving, "person");
    let were = if report.leaving == 1 { "was" } else { "were" };
    format!(
        "{people} who waited for {issue} {were} left out, because this list does not have them, or \
         says that they get no mail (or --except does), or their row cannot be used; `digest status {issue} --list suppressed` names them, and a later send \
         with a list that has them sends to them",
        issue = report.issue
    )
}

fn ending(report: &SendReport, window: &Window, settle: &SettleCommands) -> Ending {
    let resume = go_on(report, settle);
    let over = || window.over();
    match &report.ended {
        Some(Ended::Interrupted) => {
            let (why, exit) = match over() {
                Some(end) => (end, Exit::Unfinished),
                None => ("interrupted".to_owned(), Exit::Interrupted),
            };
            let left = report.left();
            let are = if left == 1 { "is" } else { "are" };
            print::note(&format!("{why}: {left} {are} left; {resume}"));
            Ok(exit)
        }
        Some(Ended::Relay(trouble)) => {
            let advice = trouble.advice();
            Err(Failure::new(trouble.to_string()).help(format!("{advice}; then {resume}")))
        }
        Some(Ended::Refused(refusal)) => Err(Failure::new(format!(
            "the relay refuses the message or its sender, not a recipient: {}",
            refusal.reply
        ))
        .help(format!("{}; then {resume}{}", refusal.advice, of_changes(report)))),
        Some(Ended::Ledger(reason)) => {
            Err(Failure::new(reason.clone()).help(format!("when that is corrected, {resume}")))
        }
        Some(Ended::Done) | None => {
            if let Some(unsaid) = &report.unsaid {
                return Err(not_closed(unsaid));
            }
            if report.withdrawn == 0
                && let Some(refused) = refused_by_all(report)
            {
                return Err(refused);
            }
            of_the_rest(report, settle).iter().for_each(|rest| print::note(rest));
            Ok(if report.is_finished() { Exit::Done } else { Exit::Unfinished })
        }
    }
}

/// All was sent and recorded, and something behind that failed.
fn not_closed(unsaid: &str) -> Failure {
    Failure::new(format!(
        "the send is over, and what became of each message is in the ledger, but not all of its end: \
         {unsaid}"
    ))
    .help(
        "when that is corrected, run the same command again, without --again if it has that: it sends \
         nothing a second time, and writes what is missing",
    )
}

/// What a person does after a run that was cut short. The same command holds whoever may have the
/// issue: where nobody else is left, it would do nothing.
fn go_on(report: &SendReport, settle: &SettleCommands) -> String {
    let doubts = of_uncertain(report.uncertain, settle);
    if doubts.is_empty() || report.left() > 0 {
        "run the same command again to go on".to_owned()
    } else {
        doubts.join("; ")
    }
}

/// How those are settled who may have the issue: nobody is told of a command that sends to others
/// only.
fn of_uncertain(uncertain: UncertainPeople, settle: &SettleCommands) -> Vec<String> {
    let UncertainPeople { asked, outside, gone } = uncertain;
    let SettleCommands { reconcile, resend, resend_all } = settle;
    let mut told = Vec::new();
    if asked > 0 {
        told.push(format!(
            "settle {} who may or may not have it: `{reconcile}` reads the relay's log, and \
             `{resend}` sends once more",
            counted(asked, "person")
        ));
    }
    if outside > 0 {
        told.push(format!(
            "{} whom this command was not for may or may not have it: `{reconcile}` reads the \
             relay's log, and `{resend_all}` sends once more, as it sends to all of the list who \
             do not have it",
            counted(outside, "person")
        ));
    }
    if gone > 0 {
        let are = if gone == 1 { "is" } else { "are" };
        told.push(format!(
            "{} who may or may not have it {are} suppressed or not in the list any more: nobody sends to them, \
             and `{reconcile}` settles them from the relay's log",
            counted(gone, "person")
        ));
    }
    told
}

/// What a run that came to its end has left, and what is to be done.
fn of_the_rest(report: &SendReport, settle: &SettleCommands) -> Vec<String> {
    let SendReport { this_send, issue, .. } = report;
    let mut rest = Vec::new();
    let own = this_send.pending + this_send.deferred;
    // Before a run nobody was put off.
    if own > 0 && report.ended.is_some() {
        let were = if own == 1 { "was" } else { "were" };
        let who = counted(own, "person");
        rest.push(format!("{who} {were} put off; the same command tries again at once"));
    }
    let elsewhere = report.waiting_elsewhere();
    if elsewhere > 0 {
        let waits = if elsewhere == 1 { "waits" } else { "wait" };
        let who = counted(elsewhere, "person");
        rest.push(format!(
            "{who} whom this command was not for {waits} for {issue}; a send to the whole list goes \
             on with them"
        ));
    }
    if report.moved > 0 {
        let who = counted(report.moved, "person");
        rest.push(format!("{who} got another address meanwhile: the same command sends to them"));
    }
    if report.given_up > 0 {
        let were = if report.given_up == 1 { "was" } else { "were" };
        rest.push(format!(
            "{} {were} given up, because the relay has said \"not now\" for too long: the same \
             command with --retry-refused tries once more, and no send without it does",
            counted(report.given_up, "person")
        ));
    }
    rest.extend(of_uncertain(report.uncertain, settle));
    rest
}

/// What becomes of changes that are made to the issue now.
fn of_changes(report: &SendReport) -> &'static str {
    if report.frozen {
        ", with --recompose if you changed the issue"
    } else {
        ". Nobody has the issue, so changes that you make before that go out too"
    }
}

/// A send is no success if everybody whom it was for was refused, whoever has the issue already.
fn refused_by_all(report: &SendReport) -> Option<Failure> {
    let AllRefused { people, first } = report.all_refused.as_ref()?;
    // Whoever was refused a further copy has the issue.
    let others = report.had_by_others;
    let whole = if report.counts.accepted == 0 && !first.further_copy && !others {
        "nobody has the issue"
    } else {
        "nobody got anything by this send"
    };
    let (became, given_up) = (first.refusal(), first.was_given_up());
    let what = match (*people, given_up) {
        (1, _) => format!("{whole}: the only recipient was {became}"),
        (_, false) => format!("{whole}: every recipient was {became}"),
        (_, true) => format!(
            "{whole}: every recipient was given up, the first {}",
            became.trim_start_matches("given up ")
        ),
    };
    let issue = &report.issue;
    Some(Failure::new(what).help(if others {
        format!(
            "receipts/{issue}.toml says that people have the issue from another ledger: send from \
             that one"
        )
    } else if first.further_copy {
        format!(
            "they still have {issue} from before, and the ledger says so; the same command, with --to \
             and --again, tries once more"
        )
    } else {
        format!(
            "`digest status {issue} --list refused` shows each reply; --retry-refused sends once more"
        )
    }))
}

fn in_json(report: &SendReport) -> Result<String, Failure> {
    let line = Line {
        issue: &report.issue,
        content_hash: &report.content_hash,
        counts: report.counts,
        elapsed_s: (report.elapsed.as_secs_f64() * 1_000.0).round() / 1_000.0,
        messages_per_s: (report.per_second() * 10.0).round() / 10.0,
        this_send: report.this_send,
        not_chosen: report.outside,
        not_recorded: report.unsaid.as_deref(),
    };
    Ok(format!("{}\n", serde_json::to_string(&line)?))
}

fn in_words(report: &SendReport) -> String {
    let counts = &report.counts;
    let told = |(state, number): &(State, u64)| *number > 0 || *state == State::Accepted;
    let parts = counts.by_state().into_iter().filter(told);
    let parts: Vec<String> = parts.map(|(state, number)| format!("{number} {state}")).collect();
    let pace = if report.settled == 0 {
        String::new()
    } else {
        let took = duration::about(report.elapsed.as_secs_f64());
        format!(" in {took} ({:.0}/s)", report.per_second())
    };
    format!("{}: {} of {} planned{pace}\n", report.issue, parts.join(", "), counts.planned)
}

/// Shows the first rows in a state.
pub(super) fn list(excerpt: &Excerpt) {
    let state = excerpt.state;
    for row in &excerpt.rows {
        print::note(&format!("{state:<9} {}: {}", row.email, row.reply()));
    }
    if excerpt.more {
        print::note(&format!("{state:<9} … and more"));
    }
}

/// Names the people who get the issue once more although they may have it.
pub(super) fn list_repeated(repeated: &[Listed]) {
    for row in repeated {
        print::note(&format!("again     {}: {}", row.email, row.reply()));
    }
}
