//! What a person is asked before anything is sent. Elsewhere than on a terminal nobody is asked.

use std::io::IsTerminal as _;

use super::plan::counted;
use crate::cmd::failure::{Exit, Failure};

/// Asks on a terminal; elsewhere only `--yes` is an answer.
pub(super) fn confirmed(yes: bool, to_send: u64) -> Result<bool, Failure> {
    if yes {
        return Ok(true);
    }
    if !somebody_is_here() {
        return Err(Failure { exit: Exit::Usage, ..Failure::new("nobody is here to be asked") }
            .help("--yes sends without a question; --dry-run shows what would be sent"));
    }
    let question = format!("Send to {}?", counted(to_send, "recipient"));
    Ok(dialoguer::Confirm::new().with_prompt(question).default(false).interact()?)
}

/// Whether a person can be asked.
pub(super) fn somebody_is_here() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks whether those who were refused for good get another attempt.
pub(super) fn retry_confirmed(count: u64) -> Result<bool, Failure> {
    let whom = if count == 1 { "this one".to_owned() } else { format!("these {count}") };
    let question = format!("The relay refused {whom} for good. Send to them once more?");
    Ok(dialoguer::Confirm::new().with_prompt(question).default(false).interact()?)
}

/// Asks what becomes of those of whom nobody can tell; to hold them is the default.
pub(super) fn resend_confirmed(count: u64) -> Result<bool, Failure> {
    let question = format!(
        "Nobody can tell whether {} the issue. Most of such have it.",
        if count == 1 { "this one has".to_owned() } else { format!("these {count} have") }
    );
    let answers = ["hold: leave them, and list them at the end", "resend: send again, once"];
    let chosen =
        dialoguer::Select::new().with_prompt(question).items(answers).default(0).interact()?;
    Ok(chosen == 1)
}
