//! The questions to a person before anything is sent. Without a terminal there are no questions.
//!
//! All are answered alike: y or yes, n or no, and a line. An empty line is no, and so is the end of
//! what is typed. After any other answer the question is asked again.

use std::io::{BufRead as _, IsTerminal as _};
use std::path::Path;

use sejong_digest::delivery::send::report::Excerpt;
use sejong_digest::diagnostic::counted;

use crate::cmd::failure::{Failure, Passes};
use crate::cmd::files::describe;
use crate::cmd::print;
use crate::cmd::workspace::LostSecret;

/// Asks on a terminal; elsewhere only `--yes` is an answer. `circumstances` are when it would begin,
/// if not at once, and what in `--only` nobody has.
pub(super) fn confirmed(
    yes: bool,
    to_send: u64,
    circumstances: (Option<&str>, Option<&str>),
) -> Result<bool, Failure> {
    if yes {
        return Ok(true);
    }
    if !somebody_is_here() {
        let what = "there is no terminal to ask the question on; nothing was sent";
        return Err(Failure::usage(what)
            .help("--yes sends without a question; --dry-run shows what would be sent"));
    }
    said_yes(&send_question(to_send, circumstances))
}

/// Asks whether what an earlier rehearsal of the issue left in its folder is to be removed.
pub(super) fn fresh_confirmed(yes: bool, issue: &str, caught: &Path) -> Result<bool, Failure> {
    if yes {
        return Ok(true);
    }
    if !somebody_is_here() {
        let what = "there is no terminal to ask the question on; nothing was removed or sent";
        return Err(Failure::usage(what).help("--yes starts the rehearsal over without a question"));
    }
    let folder = describe(caught);
    let question = format!("Remove what the earlier rehearsal of {issue} left in {folder}?");
    said_yes(&question)
}

/// `Send to 12 recipients at 7 January 09:00, in 41 days?`
fn send_question(to_send: u64, (start, unmet): (Option<&str>, Option<&str>)) -> String {
    let start = start.map_or(String::new(), |start| format!(" {start}"));
    let unmet = unmet.map_or(String::new(), |unmet| format!(", although nobody has {unmet}"));
    format!("Send to {}{start}{unmet}?", counted(to_send, "recipient"))
}

/// Whether a person can be asked.
pub(in crate::cmd) fn somebody_is_here() -> bool {
    let is_asked = !print::is_for_programs();
    is_asked && std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// The receipt says that the issue was sent: asks whether to send it. The default is no.
pub(super) fn despite_receipt_confirmed() -> Result<bool, Failure> {
    said_yes(DESPITE_RECEIPT)
}

/// What is asked where the issue may have been sent before.
pub(super) const DESPITE_RECEIPT: &str =
    "People who have the issue already would get it again. Go on?";

/// The secret is missing, and mail was sent with it: asks whether to make a new one.
pub(super) fn new_secret_confirmed(lost: &LostSecret) -> Result<bool, Failure> {
    print::note(&format!(
        "{lost}. If you have it on another computer, copy it here first. {}Without it, the unsubscribe \
         links in mail that was already sent stop working",
        lost.doubt()
    ));
    said_yes(lost.question())
}

/// The issue looks like one that was sent under another name: asks whether it is another one. The
/// default is no.
pub(super) fn new_issue_confirmed(now: &str, before: &str) -> Result<bool, Failure> {
    let question = format!(
        "Is {now} another issue than {before}? If it is the same, {before} would go out again."
    );
    said_yes(&question)
}

/// Asks whether to try again with the people who were refused for good or given up; `first` of them
/// are shown.
pub(super) fn retry_confirmed(count: u64, first: &Excerpt) -> Result<bool, Failure> {
    let people = match count {
        1 => "this person".to_owned(),
        count => format!("these {count} people"),
    };
    let given_up = first.rows.iter().filter(|row| row.was_given_up()).count();
    let what = if given_up == 0 && !first.more {
        format!("The relay refused {people} for good.")
    } else if given_up == first.rows.len() && !first.more {
        format!("The relay said \"not now\" to {people} until they were given up.")
    } else {
        format!(
            "The relay refused {people} for good, or said \"not now\" until they were given up."
        )
    };
    said_yes(&format!("{what} Send to them once more? (After a no, nothing is sent to anybody)"))
}

/// Asks whether people who may or may not have the issue get it again; a no holds them.
pub(super) fn resend_confirmed(count: u64) -> Result<bool, Failure> {
    let who = match count {
        1 => "this person has".to_owned(),
        count => format!("these {count} people have"),
    };
    print::note(&format!(
        "It is not known whether {who} the issue; the relay's log may tell (`digest reconcile`). If you \
         answer no, they do not get it again and are listed at the end"
    ));
    said_yes("Send it to them again?")
}

/// Goes on where whoever is `asked` says yes in spite of a `doubt`. After a no, and where nobody can be
/// asked, the send stops; `help` says what to do then.
pub(super) fn allowed(
    doubt: &str,
    (question, passes): (&str, Passes),
    asked: bool,
    help: impl Into<String>,
) -> Result<(), Failure> {
    let mut what = format!("{doubt}; nothing was sent");
    if asked {
        print::note(doubt);
        if said_yes(question)? {
            return Ok(());
        }
        // The doubt has been read.
        "nothing was sent".clone_into(&mut what);
    }
    Err(Failure::checks(what).help(help).passes(passes))
}

/// Asks until the answer is yes or no.
pub(in crate::cmd) fn said_yes(question: &str) -> Result<bool, Failure> {
    loop {
        print::prompt(&format!("{question} [y/N] "));
        let mut typed = Vec::new();
        std::io::stdin().lock().read_until(b'\n', &mut typed)?;
        if !typed.ends_with(b"\n") {
            // Nobody has ended the line, so what follows would stand behind the question.
            print::prompt("\n");
        }
        if let Some(yes) = meaning(&String::from_utf8_lossy(&typed)) {
            return Ok(yes);
        }
        print::note("please answer y (yes) or n (no); an empty line is no");
    }
}

/// What an answer means; nothing if it is neither yes nor no.
fn meaning(typed: &str) -> Option<bool> {
    match typed.trim().to_lowercase().as_str() {
        "y" | "yes" => Some(true),
        "" | "n" | "no" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_question_names_the_number_and_the_time() {
        assert_eq!(send_question(1, (None, None)), "Send to 1 recipient?");
        let start = "at 7 January 09:00, in 41 days";
        let question = "Send to 12 recipients at 7 January 09:00, in 41 days?";
        assert_eq!(send_question(12, (Some(start), None)), question);
        let question = "Send to 12 recipients, although nobody has tag:pres?";
        assert_eq!(send_question(12, (None, Some("tag:pres"))), question);
    }

    #[test]
    fn an_answer_is_yes_or_no_and_anything_else_is_neither() {
        for yes in ["y", "Y\n", "yes\r\n", " YES "] {
            assert_eq!(meaning(yes), Some(true), "{yes:?}");
        }
        for no in ["", "\n", "n\n", "No"] {
            assert_eq!(meaning(no), Some(false), "{no:?}");
        }
        for neither in ["yy", "yep", "ja", "resend", "1", "\u{3161}"] {
            assert_eq!(meaning(neither), None, "{neither:?}");
        }
    }
}
