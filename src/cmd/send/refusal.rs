//! Why a stage of a send was not reached, in words and with an exit code.

use std::path::Path;

use sejong_digest::delivery::send::SendError;
use sejong_digest::issue::load;

use crate::cmd::failure::Failure;
use crate::cmd::{print, receipts};

/// What a person is told of a list that was read.
pub(super) fn of_list(error: SendError, list: &Path) -> Failure {
    let list = load::path_from_here(list).display().to_string();
    let what = error.to_string();
    match error {
        SendError::List(problem) => {
            print::problems(&[*problem]);
            Failure::checks(format!("{list} cannot be used; nothing was sent"))
        }
        SendError::Rejected(rows) => Failure::checks(format!(
            "{rows} of the rows of {list} cannot be used; nothing was sent"
        ))
        .help("correct them, or leave them out with --skip-invalid"),
        SendError::UnknownField { columns, .. } => Failure::usage(format!("--only: {what}"))
            .help(format!("columns of the list: {}", columns.join(", "))),
        SendError::NotInList(address) => Failure::checks(format!(
            "{address} is not in {list}, or the list says not to send to them; nothing was sent"
        )),
        SendError::Nobody { others: true } => {
            Failure::checks(format!("{list} holds nobody whom --only names"))
        }
        SendError::Nobody { others: false } => {
            Failure::checks(format!("{list} holds nobody to send to"))
        }
        error => told(error),
    }
}

/// What a person is told.
pub(super) fn told(error: SendError) -> Failure {
    let what = format!("{error}; nothing was sent");
    match error {
        SendError::AlreadySent(sent) => {
            Failure::new(format!("{}; nothing was sent", receipts::already_sent(&sent))).help(format!(
                "bring the ledger here and send from it. {}. --despite-receipt sends all the same",
                receipts::doubt(&sent)
            ))
        }
        SendError::Overtaken => {
            Failure::new(what).help("run the same command again: it goes on from there")
        }
        SendError::Broken | SendError::Checks | SendError::List(_) | SendError::Rejected(_) => {
            Failure::checks(what)
        }
        SendError::Unexpected { .. } => Failure::checks(what).help(
            "look at what would be sent with `digest plan` and `digest render`, then give the hash that the plan shows",
        ),
        SendError::Nobody { .. } | SendError::UnknownField { .. } | SendError::NotInList(_) => Failure::checks(what),
        SendError::Store(error) => error.into(),
        SendError::Recovery(error) => Failure::new(format!("{error}. Nothing was sent")),
        SendError::Caught(..) => Failure::new(error.to_string()),
        SendError::Freeze(_) | SendError::Date(_) => Failure::new(what),
    }
}
