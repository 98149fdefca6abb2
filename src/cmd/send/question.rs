//! The questions to a person before anything is sent. Without a terminal there are no questions.

use std::io::IsTerminal as _;
use std::path::Path;

use super::plan::counted;
use crate::cmd::failure::Failure;
use crate::cmd::files::describe;

/// Asks on a terminal; elsewhere only `--yes` is an answer. `start` says when it would begin, if
/// not at once.
pub(super) fn confirmed(yes: bool, to_send: u64, start: Option<&str>) -> Result<bool, Failure> {
    if yes {
        return Ok(true);
    }
    if !somebody_is_here() {
        let what = "there is no terminal to ask the question on; nothing was sent";
        return Err(Failure::usage(what)
            .help("--yes sends without a question; --dry-run shows what would be sent"));
    }
    let question = send_question(to_send, start);
    Ok(dialoguer::Confirm::new().with_prompt(question).default(false).interact()?)
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
    let question = format!("Remove what the rehearsal before left of {issue} in {folder}?");
    Ok(dialoguer::Confirm::new().with_prompt(question).default(false).interact()?)
}

/// `Send to 12 recipients at 7 January 09:00, in 41 days?`
fn send_question(to_send: u64, start: Option<&str>) -> String {
    let start = start.map_or(String::new(), |start| format!(" {start}"));
    format!("Send to {}{start}?", counted(to_send, "recipient"))
}

/// Whether a person can be asked.
pub(super) fn somebody_is_here() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// The receipt says that the issue was sent: asks whether to send it. The default is no.
pub(super) fn despite_receipt_confirmed() -> Result<bool, Failure> {
    let question = "People who have the issue already would get it again. Go on?";
    Ok(dialoguer::Confirm::new().with_prompt(question).default(false).interact()?)
}

/// Asks whether to try again with the people who were refused for good.
pub(super) fn retry_confirmed(count: u64) -> Result<bool, Failure> {
    let whom = if count == 1 { "this one".to_owned() } else { format!("these {count}") };
    let question = format!("The relay refused {whom} for good. Send to them once more?");
    Ok(dialoguer::Confirm::new().with_prompt(question).default(false).interact()?)
}

/// Asks what to do with people who may or may not have the issue; the default is to hold them.
pub(super) fn resend_confirmed(count: u64) -> Result<bool, Failure> {
    let question = format!(
        "It is not known whether {} the issue. Usually it has arrived. Send it again?",
        if count == 1 {
            "this person has".to_owned()
        } else {
            format!("these {count} people have")
        }
    );
    let answers = ["hold: do not send again; list them at the end", "resend: send once more"];
    let chosen =
        dialoguer::Select::new().with_prompt(question).items(answers).default(0).interact()?;
    Ok(chosen == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_question_names_the_number_and_the_time() {
        assert_eq!(send_question(1, None), "Send to 1 recipient?");
        let start = "at 7 January 09:00, in 41 days";
        let question = "Send to 12 recipients at 7 January 09:00, in 41 days?";
        assert_eq!(send_question(12, Some(start)), question);
    }
}
